/** Where the space is when deleting images could not help: sentences for the sweep's report. */
import { formatBytes, formatCount } from './format.ts';
import { sortOut } from './protection.ts';
import { isProtectionCode, type Protections } from './protections.ts';
import type { ImageStore } from './store.ts';
import type { Amount, Usage } from './thresholds.ts';

/**
 * Says plainly what holds the space that images did not give back. Image sizes are the engine's sums, layers shared
 * between images counted once for each, so they are upper bounds and called that.
 */
export function explainRemaining(
  store: ImageStore,
  usage: Usage,
  protections: Protections & { readonly nowMs: number },
): readonly string[] {
  const { candidates, kept } = sortOut(store, undefined, protections);
  const used = usage.allocated?.bytes ?? usage.bytes.total - usage.bytes.available;
  const inUse = kept.filter(({ code }) => code === 'in-use' || code === 'static-pod');
  const inUseBytes = sum(inUse.map((image) => image.sizeBytes));
  const spared = kept.filter(({ code }) => isProtectionCode(code));
  const sparedBytes = sum(spared.map((image) => image.sizeBytes));
  const freeableBytes = sum(candidates.map((image) => image.sizeBytes));
  const otherBytes = Math.max(0, used - inUseBytes - sparedBytes - freeableBytes);
  const lines = [`${formatBytes(used)} are used in all`];
  lines.push(
    inUse.length === 0
      ? 'no image is in use by a container'
      : `${formatCount(inUse.length, 'image')} in use by containers: at most ${formatBytes(inUseBytes)}`,
  );
  if (spared.length > 0) {
    lines.push(
      `${formatCount(spared.length, 'unused image')} protected by settings, label or the engine itself: at most ${formatBytes(sparedBytes)}`,
    );
  }
  if (candidates.length > 0) {
    lines.push(
      `${formatCount(candidates.length, 'unused image')} left: at most ${formatBytes(freeableBytes)}`,
    );
  }
  lines.push(
    `at least ${formatBytes(otherBytes)} are not images: build cache, container layers and logs, volumes, or files that are not the engine's`,
  );
  return lines;
}

/** Of space that deletions should have freed and did not show. */
export function explainOutstanding({ bytes, inodes }: Amount): readonly string[] {
  const parts = [
    ...(bytes > 0 ? [formatBytes(bytes)] : []),
    ...(inodes > 0 ? [formatCount(inodes, 'inode')] : []),
  ];
  if (parts.length === 0) return [];
  return [
    `${parts.join(' and ')} of what was deleted had not been freed yet: it may still come, or something holds it (a build cache, an open file, a lease)`,
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Where the engine cannot even write that it deletes something. */
export const freeByHand =
  'the disk is so full that the engine cannot finish a deletion: free some 100 kB (or a few inodes) by hand, for instance by truncating a log; the next check then goes on';
