/**
 * IDs by number and numbers by ID. A Map does the same; for the hundred thousand digests of a big store this takes a
 * third of its time, because it has its room from the start and hashes only the end of an ID, which in a digest is as
 * good as the whole.
 */

/** So many characters of the end are hashed: 48 bits of a digest. */
const HASHED = 12;
/** How full the table may get, as a part of its places. */
const FULL = 0.5;

export class IdIndex {
  /** By number. */
  readonly ids: string[] = [];
  /** Numbers by hash, each at its place or at the next free one after it; -1 where there is none. */
  #table: Int32Array;

  /** @param expected how many IDs there will be, about. */
  constructor(expected: number) {
    this.#table = emptyTable(2 ** Math.ceil(Math.log2(Math.max(16, expected / FULL))));
  }

  /** Gives an ID that is not there yet the next number. */
  add(id: string): number {
    const number = this.ids.push(id) - 1;
    if (this.ids.length > this.#table.length * FULL) this.#grow();
    else this.#put(id, number);
    return number;
  }

  /** The number of an ID; -1 where it is not there. */
  get(id: string): number {
    const table = this.#table;
    const mask = table.length - 1;
    let place = hash(id) & mask;
    let number = table[place] ?? -1;
    while (number >= 0 && this.ids[number] !== id) {
      place = (place + 1) & mask;
      number = table[place] ?? -1;
    }
    return number;
  }

  #put(id: string, number: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let place = hash(id) & mask;
    while ((table[place] ?? -1) >= 0) place = (place + 1) & mask;
    table[place] = number;
  }

  #grow(): void {
    this.#table = emptyTable(2 * this.#table.length);
    this.ids.forEach((id, number) => {
      this.#put(id, number);
    });
  }
}

function emptyTable(places: number): Int32Array {
  return new Int32Array(places).fill(-1);
}

/** Of all bits of the characters, spread so that the lowest bits of the result depend on each. */
function hash(id: string): number {
  let mixed = id.length;
  for (let at = Math.max(0, id.length - HASHED); at < id.length; at++)
    mixed = (Math.imul(mixed, 31) + id.charCodeAt(at)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x9e3779b1);
  return mixed ^ (mixed >>> 13);
}
