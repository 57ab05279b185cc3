/** "What goes next": the victims in order, why, and how far that reaches; and what stays, and why. */
import { endText, formatBytes, formatCount, formatLevel } from '../../../core/model/format.ts';
import { level, type Thresholds, type Usage, usageAfter, usageAt } from '../../../core/model/thresholds.ts';
import { type UnusedSummary, unusedText } from '../../../core/model/unused.ts';
import type { Layers } from './data.ts';
import { fill, h, table } from './dom.ts';
import { shortName } from './words.ts';

/** Rows shown by themselves; the rest is said in a line. */
const ROWS = 25;
const KEPT_ROWS = 100;

export function showPlan(
  element: HTMLElement,
  { next }: Layers,
  now: Usage,
  thresholds: Thresholds,
  doing: {
    readonly isDryRun: boolean;
    readonly isSweeping: boolean;
    /** Null: no image is deleted for being unused. */
    readonly unused: UnusedSummary | null;
  },
): void {
  const { type } = thresholds;
  const start = next.assumedUsed === null ? now : usageAt(now, type, next.assumedUsed);
  const rest = next.victims.length - ROWS;
  fill(
    element,
    h('p', { class: 'lead' }, lead(next, thresholds, doing)),
    doing.unused === null ? undefined : h('p', { id: 'unused' }, `${unusedText(doing.unused)}.`),
    next.cut === null
      ? undefined
      : h('p', {}, `Only the first ${next.cut.victims} in the next sweep: ${next.cut.reason}.`),
    ...(next.victims.length === 0
      ? []
      : [
          table(
            'What goes next, in order',
            [
              { title: '#', class: 'num' },
              { title: 'Name', class: 'name', isTitle: true },
              { title: 'Frees', class: 'num' },
              { title: type === 'free' ? 'Then free' : 'Then used', class: 'num' },
              { title: 'Why', isTitle: true },
            ],
            rows(next.victims.slice(0, ROWS), start, type),
          ),
        ]),
    ...(rest > 0 ? [h('p', { class: 'muted small' }, `and ${rest} more`)] : []),
    kept(next.kept),
  );
}

function lead(
  next: Layers['next'],
  { type, high, low }: Thresholds,
  { isDryRun, isSweeping }: { readonly isDryRun: boolean; readonly isSweeping: boolean },
): string {
  const count = next.victims.length;
  const kinds = new Set(next.victims.map(({ kind }) => kind));
  const what =
    kinds.size <= 1 && kinds.has('image') ? formatCount(count, 'image') : formatCount(count, 'victim');
  const when =
    next.assumedUsed !== null
      ? `Nothing needs to go now. If usage reached ${formatLevel(high, type)} with the store as it is`
      : isSweeping
        ? 'Still to go in this sweep'
        : next.triggered
          ? 'Now'
          : 'If a sweep began now';
  if (count === 0) return `${when}: nothing could go. Everything is in use or protected.`;
  if (isSweeping && next.assumedUsed === null && !isDryRun)
    return `${when}: ${what}, about ${formatBytes(next.freedBytes)}, ${endText(next.used, type)}.`;
  const verb = isDryRun ? 'would go (dry run: nothing is deleted)' : next.triggered ? 'go' : 'would go';
  const reach = next.reachesLow
    ? `past the low threshold of ${formatLevel(low, type)}`
    : `which does not reach the low threshold of ${formatLevel(low, type)}`;
  return `${when}: ${what} ${verb}, about ${formatBytes(next.freedBytes)}, ${endText(next.used, type)}, ${reach}.`;
}

function rows(
  victims: Layers['next']['victims'],
  start: Usage,
  type: Thresholds['type'],
): (Node | string)[][] {
  let usage = start;
  return victims.map(({ references, id, predictedBytes, predictedInodes, exact, reason }, place) => {
    usage = usageAfter(usage, { bytes: predictedBytes, inodes: predictedInodes });
    const name = references[0] ?? id;
    return [
      String(place + 1),
      h('span', { title: references.join('\n') || id }, references.length > 0 ? name : shortName(name)),
      `${exact ? '' : '~'}${formatBytes(predictedBytes)}`,
      formatLevel(level(usage, type).value, type),
      reason,
    ];
  });
}

function kept(items: Layers['next']['kept']): HTMLElement {
  if (items.length === 0) return h('p', { class: 'muted' }, 'Nothing stays.');
  const bytes = [...items].sort((a, b) => b.sizeBytes - a.sizeBytes);
  const rest = items.length - KEPT_ROWS;
  const noun = items.every(({ kind }) => kind === 'image') ? 'image' : 'thing';
  return h(
    'details',
    {},
    h('summary', {}, `${formatCount(items.length, noun)} ${items.length === 1 ? 'stays' : 'stay'}, and why`),
    table(
      'What stays, and why',
      [
        { title: 'Name', class: 'name', isTitle: true },
        { title: 'Size', class: 'num' },
        { title: 'Why', isTitle: true },
      ],
      bytes
        .slice(0, KEPT_ROWS)
        .map(({ references, id, sizeBytes, reason }) => [
          references[0] ?? shortName(id),
          formatBytes(sizeBytes),
          reason,
        ]),
    ),
    rest > 0 ? h('p', { class: 'muted small' }, `and ${rest} more`) : undefined,
  );
}
