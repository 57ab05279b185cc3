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
