import { containerd16 } from '../cri-fixtures.ts';
import { conform } from '../suite.ts';

conform(containerd16);
