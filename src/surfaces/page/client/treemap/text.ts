/** What a tile of the map is called, and what the one that is pointed at is, in words. */
import { formatBytes, formatCount, formatDuration } from '../../../../core/model/format.ts';
import { type Layers, type ListedUnit, whyOf } from '../data.ts';
import { h } from '../dom.ts';
import type { Tile } from './layout.ts';
import { lookNames, shortName } from '../words.ts';

/** What a tile is called, and its place among what is deleted next. */
export function titleOf(
  { segments }: Tile,
  layers: Layers,
  isActive: boolean,
): { readonly title: string; readonly order: number | undefined } {
  const [first = -1] = segments;
  const segment = layers.segments[first];
  if (segments.length > 1) return { title: `${segments.length} smaller pieces`, order: undefined };
  if (segment === undefined) return { title: '', order: undefined };
  const names = segment.tops.map((unit) => layers.units[unit]?.name ?? '');
  const order = segment.victim === null || !isActive ? undefined : segment.victim + 1;
  if (names.length > 0) {
    const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
    return { title: `${names[0] ?? ''}${more}`, order };
  }
  if (segment.users === 0)
    return { title: segment.state === 'leftover' ? 'left over' : 'build cache', order };
  return { title: `shared by ${segment.users}`, order };
}

/** Ways to say it, from long to short: `scipy-notebook:2024`, `scipy-notebook`. */
export function labelsOf(title: string): readonly string[] {
  if (title.startsWith('shared by') || title.includes(' smaller ')) return [title];
  const name = shortName(title);
  return [name, name.replace(/:[^:]*$/, '')];
}

/** What the tile that is pointed at is, in words. */
export function description(
  tile: Tile,
  layers: Layers,
  isActive: boolean,
  usedBy: ReadonlyMap<string, string>,
): readonly HTMLElement[] {
  const { title, order } = titleOf(tile, layers, isActive);
  const segment = layers.segments[tile.segments[0] ?? -1];
  const facts = `${formatBytes(tile.bytes)} · ${lookNames[tile.look]}${order === undefined ? '' : `, number ${order}`}`;
  if (segment === undefined || tile.segments.length > 1)
    return [h('h3', title), h('p', facts), h('p.muted', 'Too small to be shown one by one.')];
  const units = segment.tops.flatMap((unit) => layers.units[unit] ?? []);
  const below = segment.parent < 0 ? undefined : layers.segments[segment.parent];
  const more = [
    formatCount(segment.layers, 'layer'),
    ...(segment.exact ? [] : ['an estimate']),
    ...(segment.users > 1 ? [`shared by ${segment.users}: freed with the last of them`] : []),
    ...(below === undefined
      ? []
      : [`built on ${formatBytes(depthBytes(layers, segment.parent))} that it shares`]),
  ].join(' · ');
  const names = units.slice(0, 6).map(({ name }) => name);
  return [
    h('h3', names.length > 0 ? names.join(', ') : title),
    h('p', facts, h('span.muted', ` · ${more}`)),
    ...units.slice(0, 3).map((unit) => h('p.muted', about(unit, usedBy.get(unit.id)))),
  ];
}

function about(unit: ListedUnit, usedBy: string | undefined): string {
  const idle =
    unit.idleSeconds === null || unit.idleSeconds === 0
      ? ''
      : unit.wasUsed === true
        ? `; last used ${formatDuration(unit.idleSeconds)} ago`
        : `; not used since it was first seen ${formatDuration(unit.idleSeconds)} ago`;
  return `${shortName(unit.name)}: ${whyOf(unit, usedBy)}${idle}`;
}

function depthBytes(layers: Layers, from: number): number {
  let bytes = 0;
  for (let at = from; at >= 0; at = layers.segments[at]?.parent ?? -1)
    bytes += layers.segments[at]?.bytes ?? 0;
  return bytes;
}
