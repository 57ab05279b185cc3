import { containerd16 } from '../containerd-fixtures.ts';
import { conform } from '../suite.ts';

conform(containerd16);
