import { deletesBuildChains } from '../build-chain.ts';

deletesBuildChains('Docker 20.10', () => Promise.resolve({}));
