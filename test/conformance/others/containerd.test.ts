import { containerd17, containerd21 } from '../cri-fixtures.ts';
import { conform } from '../suite.ts';

conform(containerd17);
conform(containerd21);
