/** "What fills the disk": the whole filesystem by kind. */
import { formatBytes, formatCount, formatPercent } from '../../../core/model/format.ts';
import type { SpaceByKind, SpaceKind } from '../../../core/model/space-kinds.ts';
import { spaceNames } from '../../json/space-names.ts';
import type { Status } from './data.ts';
import { fill, h, table } from './dom.ts';

const NAMES = 5;

export function showSpace(element: HTMLElement, { space, spaceProblem, layerSource }: Status): void {
  if (space === null) {
    fill(
      element,
      h('p', { class: 'empty' }, `The space cannot be broken down: ${spaceProblem ?? 'unknown'}`),
    );
    return;
  }
  const kinds = (Object.keys(spaceNames) as SpaceKind[]).filter((kind) => {
    return space.parts[kind].bytes !== 0;
  });
  const share = (kind: SpaceKind): number => (100 * space.parts[kind].bytes) / Math.max(space.total.bytes, 1);
  const count = new Intl.NumberFormat('en');
  fill(
    element,
    h(
      'div',
      { class: 'stacked', 'aria-hidden': 'true' },
      ...kinds.map((kind) =>
        h('span', { class: `k-${kind}`, 'data-width': Math.max(0, share(kind)).toFixed(3) }),
      ),
    ),
    table(
      'The filesystem by kind',
      [
        { title: 'Kind', isTitle: true },
        { title: 'Size', class: 'num' },
        { title: 'Share', class: 'num' },
        { title: 'Inodes', class: 'num' },
      ],
      kinds.map((kind) => [
        h(
          'span',
          {},
          h('span', { class: `swatch small k-${kind}`, 'aria-hidden': 'true' }),
          ' ',
          spaceNames[kind],
        ),
        formatBytes(space.parts[kind].bytes),
        formatPercent(share(kind)),
        count.format(space.parts[kind].inodes),
      ]),
      true,
    ),
    ...named('volume', 'that no container mounts', space.unusedVolumes),
    ...named('leftover', 'that nothing refers to', space.leftovers),
    h('p', { class: 'muted small' }, `Layer sizes: ${layerSource}.`),
  );
}

function named(noun: string, which: string, found: SpaceByKind['leftovers']): readonly HTMLElement[] {
  if (found.length === 0) return [];
  const more = found.length > NAMES ? `, and ${found.length - NAMES} more` : '';
  return [
    h(
      'p',
      { class: 'small' },
      `${formatCount(found.length, noun)} ${which}: ${found.slice(0, NAMES).join(', ')}${more}`,
    ),
  ];
}
