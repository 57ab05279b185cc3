/**
 * The map on the page: tiles that can be pointed at and walked through with the arrow keys, and what the one that is
 * looked at is. Told apart by colour, pattern and number, and in words for those who see none of them.
 */
import { formatBytes } from '../../../../core/model/format.ts';
import { type Layers, type Status, usersOf } from '../data.ts';
import { fill, h, part, setText, swatch } from '../dom.ts';
import { fitting } from './label.ts';
import { type Family, layOut, lookOf, type StoreMap, type Tile, tileTowards } from './layout.ts';
import { description, labelsOf, titleOf } from './text.ts';
import { type StateStyle, lookNames, looks } from '../words.ts';

/** Tiles at most, by the map's area: smaller ones than about 20 by 20 pixels cannot be told apart or pointed at. */
const PIXELS_PER_TILE = 400;
const MAX_TILES = 1_000;
/** What is deleted first has a number; more of them would be a heap. */
const MOST_NUMBERED = 9;

const count = new Intl.NumberFormat('en');

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
  /** This many are numbered: 5 and 9 without what is deleted before them would be a riddle. */
  #numbered = 0;

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
      const next = tileTowards(this.#laidOut.tiles, this.#current, event.key);
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
    this.#usedBy = usersOf(status);
    const images = layers.units.filter(({ kind }) => kind === 'image').length;
    setText(
      part('store-total'),
      `${count.format(images)} image${images === 1 ? '' : 's'}, ${formatBytes(layers.bytes)} on disk, each shared layer counted once`,
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
            swatch(`s-${look}`),
            h('span', lookNames[look]),
            h('span.muted', formatBytes(bytes.get(look) ?? 0)),
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
      fill(map, h('p.empty', 'The image store is empty.'));
      this.#elements = [];
      return;
    }
    const hadFocus = map.contains(document.activeElement);
    const limit = Math.min(MAX_TILES, Math.floor((width * height) / PIXELS_PER_TILE));
    this.#laidOut = layOut(layers, width, height, limit, this.#isActive);
    map.setAttribute('role', 'listbox');
    map.setAttribute(
      'aria-label',
      'Pieces of the image store, by size on disk; the arrow keys move between them',
    );
    const { tiles, families } = this.#laidOut;
    this.#current = Math.min(this.#current, tiles.length - 1);
    const roomy = new Set(tiles.filter(hasText).map((tile) => titleOf(tile, layers, this.#isActive).order));
    for (this.#numbered = 0; this.#numbered < MOST_NUMBERED; this.#numbered += 1)
      if (!roomy.has(this.#numbered + 1)) break;
    this.#elements = tiles.map((tile, place) => this.#tile(tile, place, layers));
    map.replaceChildren(
      ...this.#elements,
      ...families.map((box) => h('div.family', { role: 'presentation', style: boxStyle(box) })),
    );
    if (hadFocus) this.#elements[this.#current]?.focus();
    else this.#show(-1);
  }

  #tile(tile: Tile, place: number, layers: Layers): HTMLElement {
    const { width, height, bytes, look } = tile;
    const { title, order } = titleOf(tile, layers, this.#isActive);
    const element = h('div', {
      style: boxStyle(tile),
      class: `tile s-${look}${hasText(tile) ? ' has-text' : ''}`,
      role: 'option',
      tabindex: place === this.#current ? '0' : '-1',
      'aria-selected': 'false',
      'data-place': String(place),
      'data-bytes': String(bytes),
      'data-segments': tile.segments.length > 12 ? String(tile.segments.length) : tile.segments.join(' '),
      'data-look': look,
    });
    const isNumbered = order !== undefined && order <= this.#numbered && hasText(tile);
    if (isNumbered) element.append(h('span.nth', { 'aria-hidden': 'true' }, String(order)));
    const room = width - 12 - (isNumbered ? 24 : 0);
    const label = height > 20 ? fitting(labelsOf(title), room, 'title') : undefined;
    const size =
      height > 40 && label !== undefined ? fitting([formatBytes(bytes)], room, 'small') : undefined;
    if (label !== undefined) element.append(h('b', { 'aria-hidden': 'true' }, label));
    if (size !== undefined) element.append(h('small', { 'aria-hidden': 'true' }, size));
    const words = `${title}, ${formatBytes(bytes)}, ${lookNames[look]}${order === undefined ? '' : `, number ${order}`}`;
    element.append(h('span.unseen', words));
    return element;
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
      const help = 'Point at an area, or move to it with Tab and the arrow keys, to see what it is.';
      fill(this.#detail, h('p.muted', help));
      return;
    }
    this.#elements[place]?.classList.add('is-shown');
    this.#elements[place]?.setAttribute('aria-selected', 'true');
    this.#relate(tile, layers);
    fill(this.#detail, ...description(tile, layers, this.#isActive, this.#usedBy));
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
}

function hasText({ width, height }: Tile): boolean {
  return width > 24 && height > 20;
}

function boxStyle({ x, y, width, height }: Family) {
  return { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` };
}
