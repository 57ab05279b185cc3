/** What MAX_UNUSED_SECONDS calls for now, in figures and in words; for every surface. */
import { formatBytes, formatCount, formatDuration } from './format.ts';

export interface UnusedSummary {
  readonly maxUnusedSeconds: number;
  /** How much longer the use of images must be tracked before anything is deleted; 0: long enough. */
  readonly missingSeconds: number;
  /** Deletable images that are due. */
  readonly images: number;
  readonly freedBytes: number;
}

/** One line for people. */
export function unusedText({ maxUnusedSeconds, missingSeconds, images, freedBytes }: UnusedSummary): string {
  const rule = `max-unused ${formatDuration(maxUnusedSeconds)}`;
  if (missingSeconds > 0)
    return `${rule}: nothing is deleted yet; image use must be tracked for ${formatDuration(missingSeconds)} more`;
  if (images === 0) return `${rule}: no deletable image has been unused for longer`;
  return `${rule}: ${formatCount(images, 'image')} unused for longer, about ${formatBytes(freedBytes)}, deleted however empty the disk is`;
}
