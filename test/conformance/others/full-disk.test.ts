import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { cleansFullDisks } from '../full-disk.ts';

cleansFullDisks('Docker 28', async () => ({ root: await engineRoot('sid') }), 'deletes');
cleansFullDisks(
  'Docker 28 with the containerd store',
  async () => ({ root: await engineRoot('sid'), containerdStore: true }),
  'deletes as its database has room',
);
