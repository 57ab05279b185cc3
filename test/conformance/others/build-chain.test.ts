import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { deletesBuildChains } from '../build-chain.ts';

deletesBuildChains('Docker 26', async () => ({ root: await engineRoot('trixie') }));
deletesBuildChains('Docker 28', async () => ({ root: await engineRoot('sid') }));
deletesBuildChains(
  'Docker 28 with the containerd store',
  async () => ({ root: await engineRoot('sid'), containerdStore: true }),
  0.1,
);
