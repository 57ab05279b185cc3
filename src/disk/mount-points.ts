/** Where other filesystems (or other folders) are mounted below a path. */
import { readFileSync } from 'node:fs';
import { errnoOf } from '../errno.ts';
import { unreadablePath } from './error.ts';

/** So long a table is as good as a new one: no longer than a slice of work on the main thread. */
const freshMs = 8;

/** The mount points below one folder, as of a moment ago. */
export class MountTable {
  readonly #root: string;
  #text = '';
  #points: readonly string[] = [];
  #readAtMs = -Infinity;

  constructor(root: string) {
    this.#root = root;
  }

  /** @throws DiskError when the kernel's table may not be read. */
  get points(): readonly string[] {
    const nowMs = performance.now();
    if (nowMs - this.#readAtMs < freshMs) return this.#points;
    const text = readTable();
    if (text !== this.#text) {
      this.#points = pointsIn(text, [this.#root]);
      this.#text = text;
    }
    this.#readAtMs = nowMs;
    return this.#points;
  }
}

/** Mount points below the tops. None where the kernel has no such table: there the device numbers alone say where one is. */
export function mountPointsBelow(tops: readonly string[]): readonly string[] {
  return pointsIn(readTable(), tops);
}

/** Read on the main thread: the kernel makes it up, no filesystem is asked. */
function readTable(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw unreadablePath('/proc/self/mountinfo', errnoOf(error), error);
  }
}

/** proc(5): field 5, octal escapes for blanks. */
function pointsIn(text: string, tops: readonly string[]): readonly string[] {
  const folders = tops.map((top) => (top === '/' ? '/' : `${top}/`));
  const names = new Set(tops);
  const points: string[] = [];
  for (const line of text.split('\n')) {
    const point = line
      .split(' ')[4]
      ?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (point === undefined || names.has(point)) continue;
    if (folders.some((folder) => point.startsWith(folder))) points.push(point);
  }
  return points;
}
