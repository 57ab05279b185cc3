/** What is deleted next, in a sentence: when, how much, and how far that reaches. */
import { endText, formatBytes, formatCount, formatLevel } from '../../../core/model/format.ts';
import type { Thresholds } from '../../../core/model/thresholds.ts';
import type { Layers } from './data.ts';

/** What the sentence is made of. */
type Lead = Pick<
  Layers['next'],
  'assumedUsed' | 'triggered' | 'used' | 'cut' | 'reachesLow' | 'freedBytes'
> & { readonly victims: readonly Pick<Layers['next']['victims'][number], 'kind'>[] };

export function leadText(
  next: Lead,
  { type, high, low }: Thresholds,
  { isDryRun, isSweeping }: { readonly isDryRun: boolean; readonly isSweeping: boolean },
): string {
  const count = next.victims.length;
  const noun = next.victims.every(({ kind }) => kind === 'image') ? 'image' : 'item';
  const cut =
    next.cut === null ? '' : ` One sweep deletes only the first ${next.cut.victims}: ${next.cut.reason}.`;
  const when =
    next.assumedUsed !== null
      ? `Nothing has to be deleted now. At ${formatLevel(high, type)}, with these images`
      : isSweeping
        ? 'Still to be deleted in this sweep'
        : next.triggered
          ? 'A sweep is due'
          : 'No sweep is due. If one began now';
  if (count === 0) return `${when}: nothing can be deleted; everything is in use or protected.`;
  const end = endText(next.used, type);
  if (isSweeping && next.assumedUsed === null && !isDryRun)
    return `${when}: ${formatCount(count, noun)}, about ${formatBytes(next.freedBytes)}, ${end}.${cut}`;
  const verb = isDryRun
    ? 'would be deleted (dry run: nothing is)'
    : next.triggered
      ? 'will be deleted'
      : 'would be deleted';
  const lowText = `the low threshold of ${formatLevel(low, type)}`;
  // Rounded, usage just below the threshold is the same number.
  const isJustBelow = end.endsWith(formatLevel(low, type));
  const reach = !next.reachesLow
    ? `which does not reach ${lowText}`
    : isJustBelow
      ? `just past ${lowText}`
      : `past ${lowText}`;
  return `${when}, ${formatCount(count, noun)} ${verb}: about ${formatBytes(next.freedBytes)}, ${end}, ${reach}.${cut}`;
}
