/** "Where is my space?" for a terminal: a bar for each kind, together the whole filesystem. */
import { formatBytes, formatCount, formatPercent } from '../../core/model/format.ts';
import { printable } from '../../core/model/printable.ts';
import type { SpaceByKind, SpaceKind } from '../../core/model/space-kinds.ts';
import { spaceNames } from '../json/space-names.ts';
import { outputLook, plainColumns, table, type TextLook } from './table.ts';
import { bar, barLook } from './terminal.ts';
import { wrapped } from './text-width.ts';

/** How many names of volumes and folders are shown; `--json` has them all. */
const NAMES_SHOWN = 5;

/** Kinds that take nothing are left out. */
export function spaceText(space: SpaceByKind, look: TextLook = outputLook()): string {
  const share = (bytes: number): number => (100 * bytes) / Math.max(space.total.bytes, 1);
  const kinds = (Object.keys(spaceNames) as SpaceKind[]).filter((kind) => {
    const { bytes, inodes } = space.parts[kind];
    return bytes !== 0 || inodes !== 0;
  });
  const rows = kinds.map((kind) => {
    const { bytes, inodes } = space.parts[kind];
    return [
      spaceNames[kind],
      { styled: bar(share(bytes), undefined, barLook(look)) },
      formatBytes(bytes),
      formatPercent(share(bytes)),
      String(inodes),
    ];
  });
  const sum = ['all', '', formatBytes(space.total.bytes), '', String(space.total.inodes)];
  return [
    table(
      plainColumns(['WHERE IS MY SPACE?', '', 'SIZE', 'SHARE', 'INODES'], [2, 3, 4]),
      [...rows, sum],
      look,
    ),
    ...[
      ...listed('volume', 'that no container mounts', space.unusedVolumes),
      ...listed('leftover', 'that nothing refers to', space.leftovers),
    ].flatMap((line) => (look.columns === undefined ? [line] : wrapped(line, look.columns))),
  ].join('\n');
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
