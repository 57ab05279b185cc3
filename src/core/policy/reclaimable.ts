/**
 * All images are worth the same, so as few as possible go: those that free most of what is scarce, and groups that free
 * only together where a group frees more for each of its images than others do.
 */
import type { WorthPolicy } from './policy.ts';

export const reclaimable: WorthPolicy = {
  kind: 'worth',
  name: 'reclaimable',
  summary: 'as few images as possible: those first that really free most of what is scarce',
  worths: () => ({ unit: () => 1 }),
  reason: (_, __, { scarce }) =>
    `unused, one of the fewest that free enough ${scarce === 'bytes' ? 'space' : 'inodes'}`,
};
