import { followsUse } from '../cri-history.ts';

followsUse('containerd 1.6', false);
