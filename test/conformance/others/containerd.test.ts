import { containerd17, containerd21 } from '../containerd-fixtures.ts';
import { conform } from '../suite.ts';

conform(containerd17);
conform(containerd21);
