/**
 * IDs by number and numbers by ID. A Map does the same; for the hundred thousand digests of a big store this takes a
 * third of its time, because it has its room from the start and hashes only the end of an ID, which in a digest is as
 * good as the whole.
 */

/** How many characters of the end are hashed: 48 bits of a digest. */
const HASHED = 12;
/** How full the table may get, as a part of its places. */
const FULL = 0.5;

export class IdIndex {
  /** By number. */
  readonly ids: string[];
  /** Numbers by hash, each at its place or at the next free one after it; -1 where there is none. */
  #table: Int32Array;

  /** @param ids of which none repeats; they get the first numbers. */
  constructor(ids: Iterable<string>) {
    this.ids = [...ids];
    this.#table = tableOf(this.ids);
  }

  /** Gives an ID that is not there yet the next number. */
  add(id: string): number {
    const number = this.ids.push(id) - 1;
    if (this.ids.length > this.#table.length * FULL) this.#table = tableOf(this.ids);
    else put(this.#table, id, number);
    return number;
  }

  /** The number of an ID; -1 where it is not there. */
  get(id: string): number {
    return numberOf(id, this.ids, this.#table);
  }

  /** The same for many. */
  getAll(ids: readonly string[]): Int32Array {
    return numbersOf(ids, this.ids, this.#table);
  }
}

// Functions of their own, which know lists and strings only: what V8 compiles of them it can keep. What it compiled for
// objects it drops with the last object of their kind, and planning leaves none.

function tableOf(ids: readonly string[]): Int32Array {
  const table = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(16, (ids.length + 1) / FULL)))).fill(-1);
  for (let number = 0; number < ids.length; number++) put(table, ids[number] ?? '', number);
  return table;
}

function put(table: Int32Array, id: string, number: number): void {
  const mask = table.length - 1;
  let place = hash(id) & mask;
  while ((table[place] ?? -1) >= 0) place = (place + 1) & mask;
  table[place] = number;
}

function numberOf(id: string, ids: readonly string[], table: Int32Array): number {
  const mask = table.length - 1;
  let place = hash(id) & mask;
  let number = table[place] ?? -1;
  while (number >= 0 && ids[number] !== id) {
    place = (place + 1) & mask;
    number = table[place] ?? -1;
  }
  return number;
}

function numbersOf(wanted: readonly string[], ids: readonly string[], table: Int32Array): Int32Array {
  const numbers = new Int32Array(wanted.length);
  for (let at = 0; at < wanted.length; at++) numbers[at] = numberOf(wanted[at] ?? '', ids, table);
  return numbers;
}

/** Of all bits of the characters, spread so that the lowest bits of the result depend on each. */
function hash(id: string): number {
  let mixed = id.length;
  for (let at = Math.max(0, id.length - HASHED); at < id.length; at++)
    mixed = (Math.imul(mixed, 31) + id.charCodeAt(at)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x9e3779b1);
  return mixed ^ (mixed >>> 13);
}
