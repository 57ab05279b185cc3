/** Before the engine tests: the root folder that some of them need. On a new machine that takes minutes, which no test has. */
import { engineRoot } from '../../harness/machine/engine-root.ts';

export async function setup(): Promise<void> {
  await engineRoot('sid');
}
