/** `status` for people: the disk, where its space is, and every image. */
import type { Forest } from '../../core/forest/forest.ts';
import { forecastText } from '../../core/model/forecast.ts';
import { formatBytes, formatCount, formatDuration } from '../../core/model/format.ts';
import { unmatched, type KeepPattern } from '../../core/eligible/pattern.ts';
import { printable } from '../../core/model/printable.ts';
import { shortId } from '../../core/model/store.ts';
import { type Freed, shareOf } from '../../core/forest/reclaim.ts';
import { type Container, holders, type Image } from '../../core/model/store.ts';
import type { Look } from '../json/look.ts';
import { ageSeconds, bySize, type SeenStatus } from '../json/status.ts';
import { foldedSteps, ID_FROM_COLUMNS, list, type ListLook, paragraph } from './list.ts';
import { unmatchedKeep } from './plan-text.ts';
import { engineText, sourceText, unusedLine, windowText } from './source-text.ts';
import { spaceText } from './space.ts';
import type { Column } from './table.ts';
import { gauges } from './terminal.ts';

export interface ShownStatus extends SeenStatus {
  /** Why it is this engine. */
  readonly why: string;
  readonly keep: readonly KeepPattern[];
}

/** On a narrower terminal it would take the room of the containers; it is SIZE without UNIQUE. */
const SHARED_FROM_COLUMNS = 72;

const columns: readonly Column[] = [
  { title: 'IMAGE', gives: 'name' },
  { title: 'ID', fromColumns: ID_FROM_COLUMNS },
  { title: 'SIZE', isRight: true },
  { title: 'UNIQUE', isRight: true },
  { title: 'SHARED', isRight: true, fromColumns: SHARED_FROM_COLUMNS },
  { title: 'AGE', isRight: true },
  { title: 'USED BY', gives: 'sentence' },
];

/** What the columns of sizes mean, for people who add them up. */
const legend = 'SIZE: all layers of the image. UNIQUE: freed if only this image is deleted.';
const sharedLegend = 'SHARED: layers that other images or containers hold too, counted at each image.';

export function statusText(shown: ShownStatus, look: ListLook): string {
  const { seen, why, answer, forest, thresholds, keep, forecast, window, unused } = shown;
  const { engine, snapshot } = seen;
  const held = holders(snapshot.store);
  const isStep = (id: string): boolean => forest.units[forest.unitIndex.get(id) ?? -1]?.isStep === true;
  const images = snapshot.store.images;
  const rows = look.all ? images : images.filter(({ id }) => !isStep(id));
  const isEstimated = rows.some(({ id }) => !shareOf(forest, id).unique.exact);
  const hasShared = look.columns === undefined || look.columns >= SHARED_FROM_COLUMNS;
  const explained = [legend, ...(hasShared ? [sharedLegend] : []), ...(isEstimated ? ['~: estimated.'] : [])];
  return [
    ...engineText(engine, why, look),
    '',
    gauges(snapshot.usage, thresholds, look),
    ...(forecast === undefined ? [] : paragraph(forecastText(forecast), look)),
    ...sourceText(seen, look),
    ...windowText(window, look),
    ...unusedLine(unused, look),
    ...storeLine(engine),
    '',
    'space' in answer
      ? spaceText(answer.space, look)
      : paragraph(`The space cannot be broken down: ${printable(answer.problem)}`, look).join('\n'),
    '',
    ...list(
      {
        columns,
        rows: sorted(rows, look.sort, forest, snapshot.takenAtMs),
        names: ({ tags, digests }) => (tags.length === 0 ? digests : tags),
        cells: (image) => {
          const age = ageSeconds(image, snapshot.takenAtMs);
          const { unique, shared } = shareOf(forest, image.id);
          return [
            shortId(image.id),
            formatBytes(image.sizeBytes),
            amountText(unique),
            amountText(shared),
            age === undefined ? '?' : formatDuration(age),
            usedBy(held.get(image.id)),
          ];
        },
      },
      look,
    ),
    ...foldedSteps(images.length - rows.length).flatMap((line) => paragraph(line, look)),
    ...(rows.length === 0 ? [] : ['', ...paragraph(explained.join(' '), look)]),
    ...unmatchedKeep({ unmatchedKeep: unmatched(images, keep) }, look),
    '',
  ].join('\n');
}

function sorted(images: readonly Image[], sort: string, forest: Forest, nowMs: number): readonly Image[] {
  const largest = (value: (image: Image) => number): readonly Image[] =>
    bySize(images).toSorted((a, b) => value(b) - value(a));
  const name = ({ tags, digests, id }: Image): string => tags[0] ?? digests[0] ?? id;
  switch (sort) {
    case 'unique':
      return largest(({ id }) => shareOf(forest, id).unique.bytes);
    case 'shared':
      return largest(({ id }) => shareOf(forest, id).shared.bytes);
    case 'age':
      return largest((image) => ageSeconds(image, nowMs) ?? -1);
    case 'name':
      return images.toSorted((a, b) => (name(a) < name(b) ? -1 : 1));
    default:
      return bySize(images);
  }
}

/** The engine's own figure, next to the filesystem's. */
function storeLine({ storeUsage }: Look['engine']): readonly string[] {
  if (storeUsage === undefined) return [];
  const { bytes, inodes } = storeUsage;
  return [`the engine's own figure for its layers: ${formatBytes(bytes)} in ${formatCount(inodes, 'inode')}`];
}

/** An estimate is marked. */
function amountText({ bytes, exact }: Freed): string {
  return `${exact ? '' : '~'}${formatBytes(bytes)}`;
}

function usedBy(containers: readonly Container[] = []): string {
  return containers.map(({ name, state }) => (state === 'running' ? name : `${name} (${state})`)).join(', ');
}
