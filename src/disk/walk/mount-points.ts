/** Where other filesystems (or other folders) are mounted below a path. */
import { readFileSync } from 'node:fs';
import { errnoOf } from '../../system/errno.ts';
import { unreadablePath } from '../filesystem/error.ts';

/** How long a table stays valid: at most a slice of work on the main thread. */
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

/** Mount points below the tops. None where the kernel has no such table; there only device numbers reveal them. */
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

interface Mount {
  readonly device: string;
  /** The folder of the filesystem that is mounted. */
  readonly root: string;
  readonly point: string;
}

/**
 * Mount points below some folders. A folder that is mounted on itself is none: storage drivers do so with their own (to make
 * it private), and it is the same filesystem, counted once.
 */
function pointsIn(text: string, tops: readonly string[]): readonly string[] {
  const folders = tops.map((top) => (top === '/' ? '/' : `${top}/`));
  const names = new Set(tops);
  const mounts = new Map<string, Mount>();
  const points: string[] = [];
  for (const line of text.split('\n')) {
    // proc(5): number, number of the parent, device, root, mount point.
    const [id = '', parent = '', device = '', root, point] = line.split(' ').map(unescaped);
    if (root === undefined || point === undefined) continue;
    const mount = { device, root, point };
    mounts.set(id, mount);
    if (names.has(point) || isOnItself(mount, mounts.get(parent))) continue;
    if (folders.some((folder) => point.startsWith(folder))) points.push(point);
  }
  return points;
}

function isOnItself({ device, root, point }: Mount, parent: Mount | undefined): boolean {
  if (parent === undefined || parent.device !== device) return false;
  const below = point.slice(parent.point === '/' ? 0 : parent.point.length);
  return root === `${parent.root === '/' ? '' : parent.root}${below}`;
}

/** Octal escapes for blanks. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
