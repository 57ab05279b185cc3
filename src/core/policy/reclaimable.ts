/**
 * All tagged images are worth the same, so as few of them as possible are deleted: those that free most of what is
 * scarce, and groups that free only together where a group frees more for each of its images than others do. An
 * untagged image, which a newer one has superseded or which is known by its digest alone, is worth little and is
 * deleted before them.
 */
import type { WorthPolicy } from './policy.ts';

/** Up to this many untagged images are deleted rather than one with a tag. */
const UNTAGGED_FOR_ONE = 16;

export const reclaimable: WorthPolicy = {
  kind: 'worth',
  name: 'reclaimable',
  summary: 'untagged images, then as few others as possible: those that free most',
  worths: () => ({ unit: ({ isUntagged }) => (isUntagged ? 1 / UNTAGGED_FOR_ONE : 1) }),
  reason: ({ isUntagged }, _, { scarce }) =>
    isUntagged
      ? 'unused and untagged'
      : `unused, one of the fewest that free enough ${scarce === 'bytes' ? 'space' : 'inodes'}`,
};
