/** Everything that can be replayed, by name: the policies of the daemon, the baselines, the mark. */
import { policies } from '../core/policy/registry.ts';
import { docuum, existingTool, kubelet } from './bounds/baselines.ts';
import { type ChooserMaker, policyChooser } from './replay/chooser.ts';
import { clairvoyant } from './bounds/clairvoyant.ts';

export const choosers: readonly ChooserMaker[] = [
  ...policies.map(policyChooser),
  existingTool,
  kubelet,
  docuum,
  clairvoyant,
];

/** A name that none of them has. */
export class UnknownChooserError extends Error {
  readonly code = 'UNKNOWN_CHOOSER';

  constructor(name: string) {
    super(`unknown policy "${name}"; expected one of ${choosers.map((each) => each.name).join(', ')}`);
    this.name = 'UnknownChooserError';
  }
}

/**
 * @param names separated by commas, each taken once; `all` for all of them
 * @throws UnknownChooserError
 */
export function findChoosers(names: string): readonly ChooserMaker[] {
  if (names === 'all') return choosers;
  return [...new Set(names.split(',').map((name) => name.trim()))].map((name) => {
    const found = choosers.find((each) => each.name === name);
    if (found === undefined) throw new UnknownChooserError(name);
    return found;
  });
}
