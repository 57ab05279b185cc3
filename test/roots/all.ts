/** Before the tests on other engines: all root folders. On a new machine that takes minutes, which no test has. */
import { engineRoot } from '../../harness/machine/engine-root.ts';

export async function setup(): Promise<void> {
  for (const suite of ['sid', 'trixie', 'experimental'] as const) await engineRoot(suite);
}
