/** "What fills the disk": the whole filesystem by kind. */
import { formatBytes, formatCount, formatPercent } from '../../../core/model/format.ts';
import type { SpaceByKind, SpaceKind } from '../../../core/model/space-kinds.ts';
import { spaceNames } from '../../json/space-names.ts';
import type { Status } from './data.ts';
import { fill, h, row, swatch, table } from './dom.ts';

const NAMES = 5;
const colours: Readonly<Record<SpaceKind, string>> = {
  imagesInUse: 'var(--in-use)',
  imagesUnused: 'var(--unused)',
  buildCache: 'var(--held)',
  containerLayers: '#7fb5ad',
  containerLogs: '#4d8f86',
  volumesInUse: '#9cb86a',
  volumesUnused: '#718e3e',
  leftovers: 'var(--leftover)',
  beingWritten: 'var(--leftover)',
  engine: '#a3907c',
  unknown: '#8c97a9',
  notTheEngines: '#8c97a9',
  reserved: 'repeating-linear-gradient(45deg, #8c97a9 0 3px, transparent 3px 6px)',
  available: 'var(--track)',
};
const head = [
  { title: 'Kind', label: '' },
  { title: 'Size', class: 'num' },
  { title: 'Share', class: 'num' },
  { title: 'Inodes', class: 'num' },
];

export function showSpace(element: HTMLElement, { space, spaceProblem, layerSource }: Status): void {
  if (space === null) {
    fill(element, h('p.empty', `The space cannot be broken down: ${spaceProblem ?? 'unknown'}`));
    return;
  }
  const kinds = (Object.keys(spaceNames) as SpaceKind[]).filter((kind) => space.parts[kind].bytes !== 0);
  const share = (kind: SpaceKind): number => (100 * space.parts[kind].bytes) / Math.max(space.total.bytes, 1);
  const count = new Intl.NumberFormat('en');
  fill(
    element,
    h(
      'div.stacked',
      { 'aria-hidden': 'true' },
      ...kinds.map((kind) => {
        const width = `${Math.max(0, share(kind)).toFixed(3)}%`;
        return h('span', { style: { width, background: colours[kind] } });
      }),
    ),
    table(
      'The filesystem by kind',
      head,
      h(
        'tbody',
        ...kinds.map((kind) =>
          row(head, [
            [swatch('small', colours[kind]), ' ', spaceNames[kind]],
            formatBytes(space.parts[kind].bytes),
            formatPercent(share(kind)),
            count.format(space.parts[kind].inodes),
          ]),
        ),
      ),
      true,
    ),
    ...named('volume', 'that no container mounts', space.unusedVolumes),
    ...named('leftover', 'that nothing refers to', space.leftovers),
    h('p.muted.small', `Layer sizes: ${layerSource}.`),
  );
}

function named(noun: string, which: string, found: SpaceByKind['leftovers']): readonly HTMLElement[] {
  if (found.length === 0) return [];
  const more = found.length > NAMES ? `, and ${found.length - NAMES} more` : '';
  const names = `${found.slice(0, NAMES).join(', ')}${more}`;
  return [h('p.small', `${formatCount(found.length, noun)} ${which}: ${names}`)];
}
