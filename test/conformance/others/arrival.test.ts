import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { knowsArrivals } from '../arrival.ts';

knowsArrivals('Docker 28', async () => ({ root: await engineRoot('sid') }));
knowsArrivals('Docker 28 with the containerd store', async () => ({
  root: await engineRoot('sid'),
  containerdStore: true,
}));
