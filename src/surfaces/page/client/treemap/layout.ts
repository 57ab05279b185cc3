/**
 * The map of the store: a rectangle for every piece of the layer forest, its area in proportion to its bytes, its
 * children beside it. No gaps and no frames, which would take area. Pure.
 */
import { hierarchy, type HierarchyRectangularNode, treemap, treemapSquarify } from 'd3-hierarchy';
import type { Layers, SegmentJson } from '../data.ts';
import type { StateStyle } from '../words.ts';

export interface Tile {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly look: StateStyle;
  /** Places in `segments`; more than one where small ones are shown as one. */
  readonly segments: readonly number[];
}

/** A bottom piece with everything on it, for its frame. */
export interface Family {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface StoreMap {
  readonly tiles: readonly Tile[];
  readonly families: readonly Family[];
}

interface Node {
  readonly segments: readonly number[];
  readonly bytes: number;
  readonly look: StateStyle;
  readonly children: readonly Node[];
}

/** @param isActive whether pieces deleted next are marked; else they appear as unused. */
export function lookOf({ state, victim }: SegmentJson, isActive: boolean): StateStyle {
  return victim === null || !isActive ? state : 'victim';
}

/** @param limit how many pieces are shown on their own; smaller ones are merged by appearance and parent. */
export function layOut(
  { segments }: Pick<Layers, 'segments'>,
  width: number,
  height: number,
  limit: number,
  isActive: boolean,
): StoreMap {
  const root = treeOf(segments, limit, isActive);
  const laidOut = treemap<Node>().tile(treemapSquarify.ratio(1.3)).size([width, height])(
    hierarchy<Node>(root, ({ children }) => children)
      .sum(({ bytes }) => bytes)
      .sort((a, b) => (b.value ?? 0) - (a.value ?? 0)),
  );
  const box = ({ x0, y0, x1, y1 }: HierarchyRectangularNode<Node>): Family => ({
    x: x0,
    y: y0,
    width: x1 - x0,
    height: y1 - y0,
  });
  return {
    tiles: laidOut
      .leaves()
      .filter(({ value }) => (value ?? 0) > 0)
      .map((leaf) => ({
        ...box(leaf),
        bytes: leaf.data.bytes,
        look: leaf.data.look,
        segments: leaf.data.segments,
      })),
    families: (laidOut.children ?? []).filter(({ children }) => children !== undefined).map(box),
  };
}

function treeOf(segments: readonly SegmentJson[], limit: number, isActive: boolean): Node {
  const totals = segments.map(({ bytes }) => bytes);
  // Children follow their parents.
  for (let place = segments.length - 1; place >= 0; place--) {
    const parent = segments[place]?.parent ?? -1;
    if (parent >= 0) totals[parent] = (totals[parent] ?? 0) + (totals[place] ?? 0);
  }
  const bySize = segments
    .map((_, place) => place)
    .sort((a, b) => (totals[b] ?? 0) - (totals[a] ?? 0) || a - b);
  const shown = new Set(bySize.slice(0, limit));
  const above = new Map<number, number[]>();
  segments.forEach(({ parent }, place) => {
    const list = above.get(parent);
    if (list === undefined) above.set(parent, [place]);
    else list.push(place);
  });

  const nodeOf = (place: number): Node => {
    const segment = segments[place];
    if (segment === undefined) throw new RangeError(`no segment ${place}`);
    const own: Node = {
      segments: [place],
      bytes: segment.bytes,
      look: lookOf(segment, isActive),
      children: [],
    };
    const children = childrenOf(place);
    if (children.length === 0) return own;
    return { segments: [], bytes: 0, look: own.look, children: [own, ...children] };
  };
  /** Pieces too small to show, by appearance. */
  const together = (places: readonly number[]): readonly Node[] => {
    const byLook = new Map<StateStyle, number[]>();
    const pending = [...places];
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      const segment = segments[place];
      if (segment === undefined) continue;
      const look = lookOf(segment, isActive);
      const members = byLook.get(look);
      if (members === undefined) byLook.set(look, [place]);
      else members.push(place);
      pending.push(...(above.get(place) ?? []));
    }
    return [...byLook].map(([look, members]) => ({
      segments: members,
      bytes: members.reduce((sum, place) => sum + (segments[place]?.bytes ?? 0), 0),
      look,
      children: [],
    }));
  };
  const childrenOf = (parent: number): readonly Node[] => {
    const places = above.get(parent) ?? [];
    return [
      ...places.filter((place) => shown.has(place)).map(nodeOf),
      ...together(places.filter((place) => !shown.has(place))),
    ];
  };
  return { segments: [], bytes: 0, look: 'unused', children: childrenOf(-1) };
}

const directions: Readonly<Record<string, { readonly x: number; readonly y: number }>> = {
  ArrowRight: { x: 1, y: 0 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowDown: { x: 0, y: 1 },
  ArrowUp: { x: 0, y: -1 },
};

/** The tile that an arrow key leads to: the nearest whose middle lies in that direction. */
export function tileTowards(tiles: readonly Tile[], current: number, key: string): number | undefined {
  if (key === 'Home') return 0;
  if (key === 'End') return tiles.length - 1;
  const direction = directions[key];
  const from = tiles[current];
  if (direction === undefined || from === undefined) return undefined;
  const middle = ({ x, y, width, height }: Tile): readonly [number, number] => [
    x + width / 2,
    y + height / 2,
  ];
  const [fromX, fromY] = middle(from);
  let best = current;
  let bestDistance = Number.POSITIVE_INFINITY;
  tiles.forEach((tile, place) => {
    const [x, y] = middle(tile);
    const along = (x - fromX) * direction.x + (y - fromY) * direction.y;
    const aside = Math.abs((x - fromX) * direction.y) + Math.abs((y - fromY) * direction.x);
    const distance = along + 2 * aside;
    if (place === current || along <= 0.5 || distance >= bestDistance) return;
    best = place;
    bestDistance = distance;
  });
  return best;
}
