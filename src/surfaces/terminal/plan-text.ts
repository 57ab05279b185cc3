/** `plan` for people: what a sweep would delete, in order, what it would keep, and why. */
import { kindNames } from '../json/space-names.ts';
import { endText, formatBytes, formatCount, formatLevel } from '../../core/model/format.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { summaryOf } from '../../core/plan/plan-unused.ts';
import { describePattern } from '../../core/eligible/pattern.ts';
import type { Kept } from '../../core/eligible/images.ts';
import { shortId } from '../../core/model/store.ts';
import { level } from '../../core/model/thresholds.ts';
import { foldedSteps, ID_FROM_COLUMNS, list, type ListLook, paragraph } from './list.ts';
import type { Column } from './table.ts';
import { gauges } from './terminal.ts';
import { engineText, sourceText, unusedLine, windowText } from './source-text.ts';
import type { SeenPlan } from '../json/plan.ts';

export interface ShownPlan extends SeenPlan {
  /** Why it is this engine. */
  readonly why: string;
  /** Usage is unknown: the plan lists all that may be deleted. */
  readonly isAboutEverything: boolean;
}

export function planText(shown: ShownPlan, look: ListLook): string {
  const { seen, why, due, thresholds, atHigh, cut, unused, window } = shown;
  const planned = atHigh ?? due;
  const unusedIds = new Set(unused?.victims.map(({ id }) => id));
  const staying = planned.kept.filter(({ id }) => !unusedIds.has(id));
  const kept = look.all ? staying : staying.filter(({ code }) => code !== 'intermediate');
  return [
    ...engineText(seen.engine, why, look),
    '',
    gauges(seen.snapshot.usage, thresholds, look),
    ...sourceText(seen, look),
    ...windowText(window, look),
    ...unusedLine(unused && summaryOf(unused), look),
    ...units('DELETE', unused?.victims ?? [], look),
    '',
    ...paragraph(verdict(shown), look),
    ...units('DELETE', planned.victims, look),
    '',
    ...paragraph(ending(planned, shown), look),
    ...(cut === undefined
      ? []
      : paragraph(`One sweep deletes only the first ${cut.victims}: ${cut.reason}.`, look)),
    ...unmatchedKeep(planned, look),
    ...units('KEEP', kept, look),
    ...foldedSteps(staying.length - kept.length).flatMap((line) => paragraph(line, look)),
    '',
  ].join('\n');
}

function verdict({ due, thresholds: { high, type }, atHigh, isAboutEverything }: ShownPlan): string {
  if (isAboutEverything) return 'Usage of the disk is unknown here. All that a sweep may delete, in order:';
  if (due.triggered) return 'A sweep is due.';
  return atHigh === undefined
    ? 'No sweep is due: usage is below the high threshold. If one began now:'
    : `No sweep is due: usage is below the low threshold. At the high threshold (${formatLevel(high, type)}) it would delete:`;
}

function ending(
  { victims, predicted }: Plan,
  { thresholds: { type }, isAboutEverything }: ShownPlan,
): string {
  if (victims.length === 0) return 'Nothing would be deleted.';
  const noun = victims.every(({ kind }) => kind === 'image') ? 'image' : 'item';
  const after = endText(level(predicted.usageAfter, type).value, type);
  const short = predicted.reachesLow || isAboutEverything ? '' : ', which does not reach the low threshold';
  return `${formatCount(victims.length, noun)} would be deleted, about ${formatBytes(predicted.freed.bytes)}: ${after}${short}.`;
}

/** A pattern that matches nothing may be misspelt, and then protects nothing. */
export function unmatchedKeep(
  { unmatchedKeep: patterns }: Pick<Plan, 'unmatchedKeep'>,
  look: ListLook,
): readonly string[] {
  return patterns.flatMap((pattern) =>
    paragraph(`The KEEP pattern ${describePattern(pattern)} matches no image here.`, look),
  );
}

type Row = Pick<Kept, 'kind' | 'id' | 'references' | 'sizeBytes' | 'reason'>;

/** The kind has a column only where there is more than one. */
export function units(title: string, rows: readonly Row[], look: ListLook): readonly string[] {
  if (rows.length === 0) return [];
  const hasKinds = new Set(rows.map(({ kind }) => kind)).size > 1 || rows[0]?.kind !== 'image';
  const columns: readonly Column[] = [
    { title, gives: 'name' },
    ...(hasKinds ? [{ title: 'KIND' }] : []),
    { title: 'ID', fromColumns: ID_FROM_COLUMNS },
    { title: 'SIZE', isRight: true },
    { title: 'WHY', gives: 'sentence' },
  ];
  const cells = ({ kind, id, sizeBytes, reason }: Row): readonly string[] => [
    ...(hasKinds ? [kindNames[kind]] : []),
    shortId(id),
    formatBytes(sizeBytes),
    reason,
  ];
  return [
    '',
    ...list({ columns, rows: sorted(rows, look), cells, names: ({ references }) => references }, look),
  ];
}

function sorted(rows: readonly Row[], { sort }: ListLook): readonly Row[] {
  if (sort === 'size') return rows.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  if (sort === 'name') {
    const name = ({ references, id }: Row): string => references[0] ?? id;
    return rows.toSorted((a, b) => (name(a) < name(b) ? -1 : 1));
  }
  return rows;
}
