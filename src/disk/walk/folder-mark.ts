/**
 * How it is seen that the names in a folder are the same as before. Whatever adds, removes or renames an entry of a folder
 * sets the folder's times to the kernel's clock (POSIX; and nobody can set `ctime` back), and one that is created again in its
 * place has another inode or other times.
 */

/** Identity and times of a folder, as lstat(2) gives them. */
export interface FolderMark {
  readonly ino: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** The kernel's clock for file times ticks every few milliseconds; two seconds also cover coarse filesystems. */
export const settleMs = 2000;

/** True while a folder is what it was when the mark was taken. */
export function isUnchanged(before: FolderMark, now: FolderMark): boolean {
  return before.ino === now.ino && before.mtimeMs === now.mtimeMs && before.ctimeMs === now.ctimeMs;
}

/** False where a folder was changed so shortly before that a further change may bear the same time. */
export function isSettled(mark: FolderMark, nowMs: number): boolean {
  return mark.ctimeMs + settleMs < nowMs;
}

/** What was read of folders, for as long as those are unchanged. */
export class FolderMemory<T> {
  #known = new Map<string, FolderMark & { readonly value: T }>();
  /** Those that were asked for since the last forgetUnused(). */
  #used = new Map<string, FolderMark & { readonly value: T }>();

  get(path: string, now: FolderMark): T | undefined {
    const known = this.#used.get(path) ?? this.#known.get(path);
    if (known === undefined || !isUnchanged(known, now)) return undefined;
    this.#used.set(path, known);
    return known.value;
  }

  /** @param nowMs the time before reading: what changed while it was read must be noticed the next time. */
  set(path: string, { ino, mtimeMs, ctimeMs }: FolderMark, nowMs: number, value: T): void {
    const mark = { ino, mtimeMs, ctimeMs };
    if (isSettled(mark, nowMs)) this.#used.set(path, { ...mark, value });
  }

  /** Forgets the folders that nobody asked for since the last time. */
  forgetUnused(): void {
    this.#known = this.#used;
    this.#used = new Map();
  }
}
