/** "Where is my space?" for a terminal: a bar for each kind, together the whole filesystem. */
import { formatBytes, formatCount, formatPercent } from '../../core/model/format.ts';
import { printable } from '../../core/model/printable.ts';
import type { SpaceByKind, SpaceKind } from '../../core/model/space-kinds.ts';
import { spaceNames } from '../json/space-names.ts';
import { outputLook, plainColumns, table, type TextLook } from './table.ts';
import { bar, type BarLook, barLook } from './terminal.ts';
import { widthOf, wrapped } from './text-width.ts';

/** How many names of volumes and folders are shown; `--json` has them all. */
const NAMES_SHOWN = 5;

/** Kinds that take nothing are left out. */
export function spaceText(space: SpaceByKind, look: TextLook = outputLook()): string {
  const share = (bytes: number): number => (100 * bytes) / Math.max(space.total.bytes, 1);
  const kinds = (Object.keys(spaceNames) as SpaceKind[]).filter((kind) => {
    const { bytes, inodes } = space.parts[kind];
    return bytes !== 0 || inodes !== 0;
  });
  const figures = kinds.map((kind) => {
    const { bytes, inodes } = space.parts[kind];
    return [spaceNames[kind], formatBytes(bytes), formatPercent(share(bytes)), String(inodes)] as const;
  });
  const sum = ['all', formatBytes(space.total.bytes), '', String(space.total.inodes)] as const;
  const bars = barsBeside([titles, ...figures, sum], look);
  const rows = figures.map(([name, ...rest], at) => {
    const bytes = space.parts[kinds[at] ?? 'unknown'].bytes;
    return bars === undefined
      ? [name, ...rest]
      : [name, { styled: bar(share(bytes), undefined, bars) }, ...rest];
  });
  const withoutBar = [
    { title: titles[0], gives: 'sentence' } as const,
    ...plainColumns(titles.slice(1), [0, 1, 2]),
  ];
  const [name, ...others] = withoutBar;
  const columns = bars === undefined ? withoutBar : [name, { title: '' }, ...others];
  return [
    table(
      columns.filter((column) => column !== undefined),
      [...rows, bars === undefined ? sum : [sum[0], '', ...sum.slice(1)]],
      look,
    ),
    ...[
      ...listed('volume', 'that no container mounts', space.unusedVolumes),
      ...listed('leftover', 'that nothing refers to', space.leftovers),
    ].flatMap((line) => (look.columns === undefined ? [line] : wrapped(line, look.columns))),
  ].join('\n');
}

const titles = ['WHERE IS MY SPACE?', 'SIZE', 'SHARE', 'INODES'] as const;
/** A narrower bar says nothing. */
const NARROWEST_BAR = 6;

/** Bars in the room that the other columns leave; undefined: too little. */
function barsBeside(rows: readonly (readonly string[])[], look: TextLook): BarLook | undefined {
  const usual = barLook(look);
  if (look.columns === undefined) return usual;
  const widths = titles.map((_, at) => Math.max(...rows.map((row) => widthOf(row[at] ?? ''))));
  const gaps = 2 * titles.length;
  const brackets = 2;
  const room = look.columns - widths.reduce((sum, width) => sum + width, gaps + brackets);
  return room < NARROWEST_BAR ? undefined : { ...usual, width: Math.min(usual.width, room) };
}

function listed(noun: string, which: string, found: readonly string[]): readonly string[] {
  if (found.length === 0) return [];
  const more = found.length > NAMES_SHOWN ? `, and ${found.length - NAMES_SHOWN} more (--json has all)` : '';
  return [
    `${formatCount(found.length, noun)} ${which}: ${found
      .slice(0, NAMES_SHOWN)
      .map((name) => printable(name))
      .join(', ')}${more}`,
  ];
}
