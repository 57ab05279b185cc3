import { followsUse } from '../cri-history.ts';

followsUse('containerd 1.7', true, 'trixie');
followsUse('containerd 2.1', true, 'sid');
