/** The rows of the list of images: searched, filtered and sorted. Pure. */
import { type Layers, type ListedUnit, type Status, usersOf, whyOf } from '../data.ts';

export interface Row {
  readonly id: string;
  readonly name: string;
  readonly names: readonly string[];
  readonly kind: ListedUnit['kind'];
  readonly state: RowState;
  /** Its place among what is deleted next, from 1; null where it is kept. */
  readonly order: number | null;
  readonly sizeBytes: number;
  readonly frees: { readonly bytes: number; readonly exact: boolean };
  readonly idleSeconds: number | null;
  readonly wasUsed: boolean | null;
  readonly reason: string;
  /** All that is searched in, in lower case. */
  readonly text: string;
}

export type RowState = 'in-use' | 'protected' | 'unused';

export const filters = ['all', 'next', 'unused', 'protected', 'in-use'] as const;
export type Filter = (typeof filters)[number];

export const orders = ['order', 'size', 'frees', 'idle', 'name'] as const;
export type Order = (typeof orders)[number];

/** Steps of classic builds are left out: they are deleted with the last image built on them. */
export function rowsOf({ units }: Layers, status: Status): readonly Row[] {
  const usersById = usersOf(status);
  return units
    .filter(({ isStep }) => !isStep)
    .map((unit) => {
      const users = usersById.get(unit.id);
      const reason = whyOf(unit, users);
      const state = unit.state === 'in-use' || unit.state === 'protected' ? unit.state : 'unused';
      return {
        id: unit.id,
        name: unit.references[0] ?? unit.name,
        names: unit.references,
        kind: unit.kind,
        state,
        order: unit.victim === null ? null : unit.victim + 1,
        sizeBytes: unit.sizeBytes,
        frees: unit.frees,
        idleSeconds: state === 'in-use' ? 0 : unit.idleSeconds,
        wasUsed: unit.wasUsed,
        reason,
        text: [unit.name, ...unit.references, unit.id, reason, users ?? ''].join(' ').toLowerCase(),
      };
    });
}

export function isIn(row: Row, filter: Filter): boolean {
  if (filter === 'all') return true;
  return filter === 'next' ? row.order !== null : row.state === filter;
}

/** @param search words that must all be found. */
export function chosenRows(
  rows: readonly Row[],
  filter: Filter,
  search: string,
  order: Order,
): readonly Row[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows
    .filter((row) => isIn(row, filter) && words.every((word) => row.text.includes(word)))
    .toSorted((a, b) => compare(a, b, order) || b.sizeBytes - a.sizeBytes || (a.name < b.name ? -1 : 1));
}

/** What is deleted next first, then what may be deleted, then what is kept. */
const rank: Readonly<Record<RowState, number>> = { unused: 0, protected: 1, 'in-use': 2 };

function compare(a: Row, b: Row, order: Order): number {
  switch (order) {
    case 'order':
      return (a.order ?? 1e9) - (b.order ?? 1e9) || rank[a.state] - rank[b.state];
    case 'size':
      return b.sizeBytes - a.sizeBytes;
    case 'frees':
      return b.frees.bytes - a.frees.bytes;
    case 'idle':
      return (b.idleSeconds ?? -1) - (a.idleSeconds ?? -1);
    case 'name':
      return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  }
}
