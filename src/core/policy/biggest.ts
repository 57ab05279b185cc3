/**
 * The default: unused images by the size that the engine gives, the biggest first; those without a tag before all others.
 * Size counts shared layers too, so the biggest need not be what frees most; `reclaimable` considers that.
 */
import { formatBytes } from '../model/format.ts';
import type { OrderPolicy } from './policy.ts';

export const biggest: OrderPolicy = {
  kind: 'order',
  name: 'biggest',
  summary: 'untagged images, then the biggest, by image size',
  order: ({ candidates }) =>
    [...candidates].sort(
      (a, b) =>
        Number(b.isUntagged) - Number(a.isUntagged) || b.sizeBytes - a.sizeBytes || (a.id < b.id ? -1 : 1),
    ),
  reason: (unit) => `unused${unit.isUntagged ? ' and untagged' : ''}, ${formatBytes(unit.sizeBytes)}`,
};
