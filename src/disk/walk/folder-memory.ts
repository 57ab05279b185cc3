/** What was read of folders, for as long as those are unchanged. */
import { type FolderMark, isSettled, isUnchanged } from './folder-mark.ts';

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
