/**
 * The map on the page: tiles that can be pointed at and walked through with the arrow keys, and what the one that is
 * looked at is. Told apart by colour, pattern and number, and in words for those who see none of them.
 */
import { formatBytes, formatCount, formatDuration } from '../../../core/model/format.ts';
import type { Layers, ListedUnit, Status } from './data.ts';
import { fill, h, part, setText } from './dom.ts';
import { fitting } from './label.ts';
import { layOut, lookOf, type StoreMap, type Tile } from './treemap-layout.ts';
import { type StateStyle, lookNames, looks, shortName } from './words.ts';

/** Tiles at most, by the map's area: smaller ones than about 20 by 20 pixels cannot be told apart or pointed at. */
const PIXELS_PER_TILE = 400;
const MAX_TILES = 1_000;
/** What is deleted first has a number; more of them would be a heap. */
const NUMBERED = 9;

export class TreeMap {
  readonly #map = part('store-map');
  readonly #detail = part('store-detail');
  #layers: Layers | undefined;
  #isActive = false;
  #usedBy: ReadonlyMap<string, string> = new Map();
  #laidOut: StoreMap = { tiles: [], families: [] };
  #elements: HTMLElement[] = [];
  /** The tile that the keyboard is on, and the one that is shown. */
  #current = 0;

  constructor() {
    const map = this.#map;
    map.addEventListener('pointerover', (event) => {
      this.#show(this.#placeOf(event.target));
    });
    map.addEventListener('click', (event) => {
      const place = this.#placeOf(event.target);
      if (place >= 0) this.#focus(place);
    });
    map.addEventListener('focusin', (event) => {
      this.#show(this.#placeOf(event.target));
    });
    map.addEventListener('keydown', (event) => {
      const next = this.#next(event.key);
      if (next === undefined) return;
      event.preventDefault();
      this.#focus(next);
    });
    new ResizeObserver(() => {
      this.#draw();
    }).observe(map);
  }

  update(layers: Layers, status: Status, isActive: boolean): void {
    this.#layers = layers;
    this.#isActive = isActive;
    this.#usedBy = new Map(
      status.images.map(({ id, usedBy }) => [
        id,
        usedBy.map(({ name, state }) => `${name} (${state})`).join(', '),
      ]),
    );
    const images = layers.units.filter(({ kind }) => kind === 'image').length;
    setText(
      part('store-total'),
      `${formatCount(images, 'image')}, ${formatBytes(layers.bytes)} on disk, each shared layer counted once`,
    );
    this.#legend(layers);
    this.#draw();
  }

  #legend({ segments }: Layers): void {
    const bytes = new Map<StateStyle, number>();
    for (const segment of segments) {
      const look = lookOf(segment, this.#isActive);
      bytes.set(look, (bytes.get(look) ?? 0) + segment.bytes);
    }
    fill(
      part('store-legend'),
      ...looks
        .filter((look) => (bytes.get(look) ?? 0) > 0)
        .map((look) =>
          h(
            'li',
            {},
            h('span', { class: `swatch s-${look}`, 'aria-hidden': 'true' }),
            h('span', {}, lookNames[look]),
            h('span', { class: 'muted' }, formatBytes(bytes.get(look) ?? 0)),
          ),
        ),
    );
  }

  #draw(): void {
    const layers = this.#layers;
    const map = this.#map;
    const width = map.clientWidth;
    const height = map.clientHeight;
    if (layers === undefined || width === 0) return;
    if (layers.bytes === 0) {
      map.removeAttribute('role');
      fill(map, h('p', { class: 'empty' }, 'The image store is empty.'));
      this.#elements = [];
      return;
    }
    const hadFocus = map.contains(document.activeElement);
    const limit = Math.min(MAX_TILES, Math.floor((width * height) / PIXELS_PER_TILE));
    this.#laidOut = layOut(layers, width, height, limit, this.#isActive);
    map.setAttribute('role', 'listbox');
    map.setAttribute(
      'aria-label',
      'Pieces of the image store, by size on disk; the arrow keys go through them',
    );
    const { tiles, families } = this.#laidOut;
    this.#current = Math.min(this.#current, tiles.length - 1);
    this.#elements = tiles.map((tile, place) => this.#tile(tile, place, layers));
    map.replaceChildren(
      ...this.#elements,
      ...families.map((box) => {
        const frame = h('div', { class: 'family', role: 'presentation' });
        locate(frame, box);
        return frame;
      }),
    );
    if (hadFocus) this.#elements[this.#current]?.focus();
    else this.#show(-1);
  }

  #tile(tile: Tile, place: number, layers: Layers): HTMLElement {
    const { width, height, bytes, look } = tile;
    const { title, order } = this.#titleOf(tile, layers);
    const element = h('div', {
      class: `tile s-${look}${width > 24 && height > 20 ? ' has-text' : ''}`,
      role: 'option',
      tabindex: place === this.#current ? '0' : '-1',
      'aria-selected': 'false',
      'data-place': String(place),
      'data-bytes': String(bytes),
      'data-segments': tile.segments.length > 12 ? String(tile.segments.length) : tile.segments.join(' '),
      'data-look': look,
    });
    const isNumbered = order !== undefined && order <= NUMBERED && width > 24 && height > 20;
    if (isNumbered) element.append(h('span', { class: 'nth', 'aria-hidden': 'true' }, String(order)));
    const room = width - 12 - (isNumbered ? 24 : 0);
    const label = height > 20 ? fitting(labelsOf(title), room, 'title') : undefined;
    const size =
      height > 40 && label !== undefined ? fitting([formatBytes(bytes)], room, 'small') : undefined;
    if (label !== undefined) element.append(h('b', { 'aria-hidden': 'true' }, label));
    if (size !== undefined) element.append(h('small', { 'aria-hidden': 'true' }, size));
    const words = `${title}, ${formatBytes(bytes)}, ${lookNames[look]}${order === undefined ? '' : `, number ${order}`}`;
    element.append(h('span', { class: 'unseen' }, words));
    locate(element, tile);
    return element;
  }

  /** What a tile is called, and when it goes. */
  #titleOf(
    { segments }: Tile,
    layers: Layers,
  ): { readonly title: string; readonly order: number | undefined } {
    const [first = -1] = segments;
    const segment = layers.segments[first];
    if (segments.length > 1) return { title: `${segments.length} smaller pieces`, order: undefined };
    if (segment === undefined) return { title: '', order: undefined };
    const names = segment.tops.map((unit) => layers.units[unit]?.name ?? '');
    const order = segment.victim === null || !this.#isActive ? undefined : segment.victim + 1;
    if (names.length > 0) {
      const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
      return { title: `${names[0] ?? ''}${more}`, order };
    }
    if (segment.users === 0)
      return { title: segment.state === 'leftover' ? 'left over' : 'build cache', order };
    return { title: `shared by ${segment.users}`, order };
  }

  /** Leads to the tile of an image. */
  showUnit(id: string): void {
    const unit = this.#layers?.units.findIndex((each) => each.id === id) ?? -1;
    const segment = this.#layers?.segments.findIndex(({ tops }) => tops.includes(unit)) ?? -1;
    const place = this.#laidOut.tiles.findIndex(({ segments }) => segments.includes(segment));
    if (unit >= 0 && segment >= 0 && place >= 0) this.#focus(place);
  }

  #placeOf(target: EventTarget | null): number {
    const element = target instanceof Element ? target.closest<HTMLElement>('.tile') : null;
    return element === null ? -1 : Number(element.dataset['place']);
  }

  #focus(place: number): void {
    this.#elements[this.#current]?.setAttribute('tabindex', '-1');
    this.#current = place;
    const element = this.#elements[place];
    element?.setAttribute('tabindex', '0');
    element?.focus();
  }

  /** The tile that an arrow key leads to: the nearest whose middle lies in that direction. */
  #next(key: string): number | undefined {
    const { tiles } = this.#laidOut;
    if (key === 'Home') return 0;
    if (key === 'End') return tiles.length - 1;
    const direction = directions[key];
    const from = tiles[this.#current];
    if (direction === undefined || from === undefined) return undefined;
    const middle = ({ x, y, width, height }: Tile): readonly [number, number] => [
      x + width / 2,
      y + height / 2,
    ];
    const [fromX, fromY] = middle(from);
    let best = this.#current;
    let bestDistance = Number.POSITIVE_INFINITY;
    tiles.forEach((tile, place) => {
      const [x, y] = middle(tile);
      const along = (x - fromX) * direction.x + (y - fromY) * direction.y;
      const aside = Math.abs((x - fromX) * direction.y) + Math.abs((y - fromY) * direction.x);
      const distance = along + 2 * aside;
      if (place === this.#current || along <= 0.5 || distance >= bestDistance) return;
      best = place;
      bestDistance = distance;
    });
    return best;
  }

  #show(place: number): void {
    const layers = this.#layers;
    const tile = this.#laidOut.tiles[place];
    for (const element of this.#elements) {
      if (element.classList.contains('is-shown')) {
        element.classList.remove('is-shown');
        element.setAttribute('aria-selected', 'false');
      }
      element.classList.remove('is-related');
    }
    if (layers === undefined || tile === undefined) {
      fill(
        this.#detail,
        h(
          'p',
          { class: 'muted' },
          'Point at an area, or go there with Tab and the arrow keys, to see what it is.',
        ),
      );
      return;
    }
    this.#elements[place]?.classList.add('is-shown');
    this.#elements[place]?.setAttribute('aria-selected', 'true');
    this.#relate(tile, layers);
    fill(this.#detail, ...this.#describe(tile, layers));
  }

  /** Marks what the tile stands on. */
  #relate(tile: Tile, layers: Layers): void {
    if (tile.segments.length !== 1) return;
    const below = new Set<number>();
    for (
      let at = layers.segments[tile.segments[0] ?? -1]?.parent ?? -1;
      at >= 0;
      at = layers.segments[at]?.parent ?? -1
    )
      below.add(at);
    this.#laidOut.tiles.forEach(({ segments: [first = -1] }, place) => {
      if (below.has(first)) this.#elements[place]?.classList.add('is-related');
    });
  }

  #describe(tile: Tile, layers: Layers): readonly HTMLElement[] {
    const { title, order } = this.#titleOf(tile, layers);
    const segment = layers.segments[tile.segments[0] ?? -1];
    const facts = `${formatBytes(tile.bytes)} · ${lookNames[tile.look]}${order === undefined ? '' : `, number ${order}`}`;
    if (segment === undefined || tile.segments.length > 1)
      return [
        h('h3', {}, title),
        h('p', {}, facts),
        h('p', { class: 'muted' }, 'Too small to be shown one by one.'),
      ];
    const units = segment.tops.flatMap((unit) => layers.units[unit] ?? []);
    const below = segment.parent < 0 ? undefined : layers.segments[segment.parent];
    const more = [
      formatCount(segment.layers, 'layer'),
      ...(segment.exact ? [] : ['an estimate']),
      ...(segment.users > 1 ? [`shared by ${segment.users}: goes with the last of them`] : []),
      ...(below === undefined
        ? []
        : [`stands on ${formatBytes(depthBytes(layers, segment.parent))} that it shares`]),
    ].join(' · ');
    return [
      h(
        'h3',
        {},
        units.length > 0
          ? units
              .slice(0, 6)
              .map(({ name }) => name)
              .join(', ')
          : title,
      ),
      h('p', {}, facts, h('span', { class: 'muted' }, ` · ${more}`)),
      ...units.slice(0, 3).map((unit) => h('p', { class: 'muted' }, this.#about(unit))),
    ];
  }

  #about(unit: ListedUnit): string {
    const usedBy = this.#usedBy.get(unit.id) ?? '';
    const idle =
      unit.idleSeconds === null || unit.idleSeconds === 0
        ? ''
        : unit.wasUsed === true
          ? `; last used ${formatDuration(unit.idleSeconds)} ago`
          : `; not used since it was first seen ${formatDuration(unit.idleSeconds)} ago`;
    const why = unit.reason ?? (usedBy === '' ? 'unused' : `used by ${usedBy}`);
    return `${shortName(unit.name)}: ${why}${idle}`;
  }
}

const directions: Readonly<Record<string, { readonly x: number; readonly y: number }>> = {
  ArrowRight: { x: 1, y: 0 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowDown: { x: 0, y: 1 },
  ArrowUp: { x: 0, y: -1 },
};

function locate(
  element: HTMLElement,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): void {
  element.style.left = `${box.x}px`;
  element.style.top = `${box.y}px`;
  element.style.width = `${box.width}px`;
  element.style.height = `${box.height}px`;
}

function depthBytes(layers: Layers, from: number): number {
  let bytes = 0;
  for (let at = from; at >= 0; at = layers.segments[at]?.parent ?? -1)
    bytes += layers.segments[at]?.bytes ?? 0;
  return bytes;
}

/** Ways to say it, from long to short: `scipy-notebook:2024`, `scipy-notebook`. */
function labelsOf(title: string): readonly string[] {
  if (title.startsWith('shared by') || title.includes(' smaller ')) return [title];
  const name = shortName(title);
  return [name, name.replace(/:[^:]*$/, '')];
}
