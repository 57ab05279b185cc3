/**
 * Reads a bbolt database (BuildKit's and containerd's key-value file) by following its pages from the root, so that
 * deleted but not overwritten entries do not count. Read-only, without the engine's lock: bbolt never changes a page
 * of the state that its meta page names; it writes other pages and then names the new state. So the read is
 * consistent exactly when the meta page is the same before and after. Format: bbolt's `page.go`, `bucket.go`,
 * `db.go`, version 2.
 */
import { type FileHandle, open } from 'node:fs/promises';

/** A bucket: values and buckets by key. Keys are text, which they are in the databases read here. */
export interface Bucket {
  readonly values: ReadonlyMap<string, Buffer>;
  readonly buckets: ReadonlyMap<string, Bucket>;
}

/** The file is not a complete bbolt database, or keeps changing while it is read. */
export class BoltError extends Error {
  override readonly name = 'BoltError';
}

const magic = 0xed0cdaed;
const version = 2;
const metaBytes = 64;
const headerBytes = 16;
const isBranch = 0x01;
const isLeaf = 0x02;
const isMeta = 0x04;
/** Larger databases are not read: these hold a few hundred bytes a snapshot. */
const maxBytes = 64 * 1024 * 1024;
/** The page size is the machine's that made it. */
const pageSizes = [4096, 8192, 16384, 32768, 65536];
const tries = 5;

interface Meta {
  readonly pageSize: number;
  readonly root: bigint;
  readonly transaction: bigint;
}

/**
 * @throws BoltError when it is damaged, too large or never at rest; a system error when it cannot be opened or read; the
 * signal's reason when aborted.
 */
export async function readBolt(path: string, signal: AbortSignal): Promise<Bucket> {
  const file = await open(path, 'r');
  try {
    for (let attempt = 0; attempt < tries; attempt++) {
      signal.throwIfAborted();
      if ((await file.stat()).size > maxBytes)
        throw new BoltError(`${path} is larger than ${maxBytes} bytes.`);
      const before = newestMeta(await readFrom(file, 2 * Math.max(...pageSizes)));
      const data = await readFrom(file, (await file.stat()).size);
      const after = newestMeta(await readFrom(file, 2 * Math.max(...pageSizes)));
      if (before === undefined || after === undefined || before.transaction !== after.transaction) continue;
      return new Pages(data, after.pageSize).bucketAt(after.root, 0);
    }
  } catch (error) {
    if (error instanceof RangeError)
      throw new BoltError(`${path} is damaged: ${error.message}`, { cause: error });
    throw error;
  } finally {
    await file.close();
  }
  throw new BoltError(
    `${path} is not a bbolt database, or was changed at each of ${tries} tries to read it.`,
  );
}

/** The first bytes of the file, fewer where it is shorter. */
async function readFrom(file: FileHandle, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** The meta page that is whole and has the highest transaction number; there are two, written in turn. */
function newestMeta(data: Buffer): Meta | undefined {
  const places = [0, ...pageSizes];
  const metas = places.flatMap((place) => metaAt(data, place) ?? []);
  return metas.reduce<Meta | undefined>(
    (newest, meta) => (newest === undefined || meta.transaction > newest.transaction ? meta : newest),
    undefined,
  );
}

function metaAt(data: Buffer, place: number): Meta | undefined {
  const at = place + headerBytes;
  if (data.length < at + metaBytes || (data.readUInt16LE(place + 8) & isMeta) === 0) return undefined;
  if (data.readUInt32LE(at) !== magic || data.readUInt32LE(at + 4) !== version) return undefined;
  const pageSize = data.readUInt32LE(at + 8);
  // The second meta page is the second page; anything else that resembles one is not.
  if (!pageSizes.includes(pageSize) || (place !== 0 && place !== pageSize)) return undefined;
  if (fnv1a(data.subarray(at, at + metaBytes - 8)) !== data.readBigUInt64LE(at + metaBytes - 8))
    return undefined;
  return { pageSize, root: data.readBigUInt64LE(at + 16), transaction: data.readBigUInt64LE(at + 48) };
}

/** 64-bit FNV-1a, the checksum of a meta page. */
function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

/** Buckets nested deeper are no database of ours. */
const maxDepth = 32;

/** The pages of one state. Every method throws a RangeError where the file does not add up. */
class Pages {
  readonly #data: Buffer;
  readonly #pageSize: number;
  /** Pages read: one that is met twice belongs to a loop. */
  readonly #seen = new Set<bigint>();

  constructor(data: Buffer, pageSize: number) {
    this.#data = data;
    this.#pageSize = pageSize;
  }

  bucketAt(root: bigint, depth: number): Bucket {
    return this.#bucketOn(this.#page(root), depth);
  }

  #bucketOn(page: Buffer, depth: number): Bucket {
    const values = new Map<string, Buffer>();
    const buckets = new Map<string, Bucket>();
    this.#readPage(page, depth, values, buckets);
    return { values, buckets };
  }

  #page(id: bigint): Buffer {
    if (this.#seen.has(id)) throw new RangeError(`page ${id} is reached twice`);
    this.#seen.add(id);
    const start = Number(id) * this.#pageSize;
    const overflow = this.#data.readUInt32LE(start + 12);
    const end = start + (overflow + 1) * this.#pageSize;
    if (this.#data.readBigUInt64LE(start) !== id || end > this.#data.length)
      throw new RangeError(`page ${id} is not where it should be`);
    return this.#data.subarray(start, end);
  }

  #readPage(page: Buffer, depth: number, values: Map<string, Buffer>, buckets: Map<string, Bucket>): void {
    if (depth > maxDepth) throw new RangeError('it is nested too deep');
    const flags = page.readUInt16LE(8);
    const count = page.readUInt16LE(10);
    for (let index = 0; index < count; index++) {
      const at = headerBytes + index * 16;
      if (flags === isBranch) {
        const child = this.#page(page.readBigUInt64LE(at + 8));
        this.#readPage(child, depth + 1, values, buckets);
      } else if (flags === isLeaf) {
        const [kind, place, keyBytes, valueBytes] = [0, 4, 8, 12].map((offset) =>
          page.readUInt32LE(at + offset),
        ) as [number, number, number, number];
        const middle = at + place + keyBytes;
        if (middle + valueBytes > page.length) throw new RangeError('an entry reaches beyond its page');
        const key = page.toString('utf8', at + place, middle);
        const value = page.subarray(middle, middle + valueBytes);
        if ((kind & 1) === 0) values.set(key, value);
        else buckets.set(key, this.#bucketIn(value, depth + 1));
      } else throw new RangeError(`a page has flags ${flags}`);
    }
  }

  /** A bucket is a header with its root page; a small one has no page of its own (root 0) but lies behind the header. */
  #bucketIn(value: Buffer, depth: number): Bucket {
    const root = value.readBigUInt64LE(0);
    return root !== 0n ? this.bucketAt(root, depth) : this.#bucketOn(value.subarray(headerBytes), depth);
  }
}
