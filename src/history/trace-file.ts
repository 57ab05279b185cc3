/**
 * The trace: every use of an image as a line of JSON, for the simulator. The format is described in
 * docs/trace-format.md. Bounded: a full file is put aside, and the oldest of those is deleted.
 */
import { constants } from 'node:fs';
import { type FileHandle, rename } from 'node:fs/promises';
import type { ChainId, ImageId, Layer } from '../core/model/store.ts';
import { errnoOf } from '../system/errno.ts';
import { openPlainFile } from '../system/plain-file.ts';
import type { FinishedUse } from './uses.ts';

/** A use, as written. Times in seconds. */
export interface TraceLine {
  /** When the use began, epoch seconds. */
  readonly time: number;
  readonly event: 'use';
  readonly image: ImageId;
  readonly reference?: string;
  readonly durationSeconds: number;
  /** True where this host built the image, so that no registry has it. */
  readonly built?: boolean;
  /** From the bottom up. Left out where an earlier line of the file has them. */
  readonly layers?: readonly TraceLayer[];
}

export interface TraceLayer {
  readonly id: ChainId;
  readonly bytes: number;
  /** Left out where not known. */
  readonly inodes?: number;
}

export interface TraceFileOptions {
  /** A file is put aside when it has grown to this. */
  readonly maxBytes?: number;
  /** Full files kept: FILE.1 (the newest), FILE.2, … */
  readonly keep?: number;
}

/** Lines that wait to be written; a disk that is full for long must not fill the memory. */
const MAX_WAITING = 10_000;
const BATCH = 1000;
/** What each line begins with; `traceLine` puts the time first. */
const LINE_START = '{"time":';

export class TraceFile {
  readonly path: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  /** Images whose layers are in the present file. */
  readonly #described = new Set<ImageId>();
  readonly #waiting: TraceLine[] = [];
  /** The state of the present file. */
  #begun: Begun | undefined;

  constructor(path: string, options: TraceFileOptions = {}) {
    this.path = path;
    this.#maxBytes = options.maxBytes ?? 64_000_000;
    this.#keep = options.keep ?? 4;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Takes a line; `flush` writes it. The oldest that wait are dropped when they are too many. */
  add(line: TraceLine): void {
    this.#waiting.push(line);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
  }

  /** Whether it can be written: makes it where it is not there. @throws NotAPlainFile; Node's filesystem error. */
  async probe(): Promise<void> {
    await append(this.path, '');
  }

  /** Writes what waits. One at a time. @throws Node's filesystem error; what was not written waits on. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const begun = this.#begun ?? (await lookAt(this.path));
      this.#begun = begun.bytes >= this.#maxBytes ? await this.#rotate() : begun;
      const { bytes, endsInLine } = this.#begun;
      const batch = this.#waiting.splice(0, BATCH);
      const lines = batch.map((line) => `${JSON.stringify(this.#brief(line))}\n`).join('');
      // Somebody else's line without an end must not spoil ours.
      const text = endsInLine ? `\n${lines}` : lines;
      try {
        await append(this.path, text);
      } catch (error) {
        // A part of it may have been written, so what the file says of images is not known any more.
        this.#begun = undefined;
        this.#described.clear();
        this.#waiting.unshift(...batch);
        throw error;
      }
      this.#begun = { bytes: bytes + Buffer.byteLength(text), endsInLine: false };
    }
  }

  /** Leaves out of a line what the file says already. */
  #brief(line: TraceLine): TraceLine {
    if (!this.#described.has(line.image)) {
      this.#described.add(line.image);
      return line;
    }
    const brief: { -readonly [K in keyof TraceLine]: TraceLine[K] } = { ...line };
    delete brief.layers;
    delete brief.built;
    return brief;
  }

  async #rotate(): Promise<Begun> {
    for (let number = this.#keep; number >= 1; number--) {
      const from = number === 1 ? this.path : `${this.path}.${String(number - 1)}`;
      try {
        await rename(from, `${this.path}.${String(number)}`);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
    this.#described.clear();
    return { bytes: 0, endsInLine: false };
  }
}

async function append(path: string, text: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
  const file: FileHandle = await openPlainFile(path, flags);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

interface Begun {
  readonly bytes: number;
  /** Its last line has no end. */
  readonly endsInLine: boolean;
}

/** Longer than any line. */
const TAIL_BYTES = 1024 * 1024;

/** Checks the file to be continued. A line of ours that was cut off is removed: readers would stop at it. */
async function lookAt(path: string): Promise<Begun> {
  try {
    const file = await openPlainFile(path, constants.O_RDWR);
    try {
      const { size } = await file.stat();
      const start = Math.max(0, size - TAIL_BYTES);
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - start), position: start });
      const tail = buffer.subarray(0, bytesRead);
      const begun = tail.lastIndexOf(10) + 1;
      if (begun === tail.length) return { bytes: size, endsInLine: false };
      if (!tail.subarray(begun).toString().startsWith(LINE_START)) return { bytes: size, endsInLine: true };
      await file.truncate(start + begun);
      return { bytes: start + begun, endsInLine: false };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { bytes: 0, endsInLine: false };
    throw error;
  }
}

/** A use as a line. @param image as far as known. */
export function traceLine(
  { imageId, reference, beganAtMs, endedAtMs }: FinishedUse,
  image: { readonly layers: readonly Layer[]; readonly isBuiltHere: boolean },
): TraceLine {
  return {
    time: beganAtMs / 1000,
    event: 'use',
    image: imageId,
    ...(reference === undefined ? {} : { reference }),
    durationSeconds: Math.max(0, endedAtMs - beganAtMs) / 1000,
    ...(image.isBuiltHere ? { built: true } : {}),
    // No layer is without an inode: zero is "not known".
    layers: image.layers.map(({ id, bytes, inodes }) => (inodes > 0 ? { id, bytes, inodes } : { id, bytes })),
  };
}
