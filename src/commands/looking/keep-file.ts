/**
 * The file of KEEP_FILE: read when the program starts, and again when it changes. Once read, it never protects less by
 * accident: with a bad line, unreadable or gone, the patterns read before stay in force; while it is being written, old
 * and new ones do.
 */
import { loadExpressions } from '../../config/values/expressions.ts';
import { type KeepFileNews, parseKeepFile, type ParsedKeepFile } from '../../config/keep-file.ts';
import type { KeepPattern } from '../../core/eligible/pattern.ts';
import { fileMark, readTextFile } from '../../system/read-text-file.ts';

/** A file that changed this lately may still be written: an editor that truncates it first must not end protections. */
const REST_MS = 5_000;

export class KeepFile {
  readonly #path: string;
  readonly #now: () => number;
  #patterns: readonly KeepPattern[];
  /** Its state when `#patterns` were read. */
  #mark: string;
  /** The patterns read last, and when they first appeared; undefined once `#patterns` are the same. */
  #pending: { readonly mark: string; readonly patterns: readonly KeepPattern[]; sinceMs: number } | undefined;
  /** What was said to be wrong with it. */
  #complaint: string | undefined;

  private constructor(path: string, mark: string, patterns: readonly KeepPattern[], now: () => number) {
    this.#path = path;
    this.#mark = mark;
    this.#patterns = patterns;
    this.#now = now;
  }

  /** @param now monotonic milliseconds. @returns the problems, one line each, where it cannot be used. */
  static async open(path: string, now = () => performance.now()): Promise<KeepFile | readonly string[]> {
    const { mark, ...read } = await readKeepFile(path);
    return read.ok ? new KeepFile(path, mark, read.patterns, now) : read.problems;
  }

  /** In force now. */
  get patterns(): readonly KeepPattern[] {
    const pending = this.#pending?.patterns ?? [];
    return pending.length === 0 ? this.#patterns : [...this.#patterns, ...pending];
  }

  /** Checks whether it changed. @returns true where other patterns are in force now. Never throws. */
  async refresh(report: (news: KeepFileNews) => void): Promise<boolean> {
    const seen = await fileMark(this.#path);
    if (seen === this.#mark && this.#pending === undefined) {
      if (this.#complaint !== undefined) this.#tellRead(report);
      return false;
    }
    if (seen === this.#pending?.mark) return this.#settle(report);
    const { mark, ...read } = await readKeepFile(this.#path);
    if (!read.ok) {
      const message = `${read.problems.join('; ')}. The patterns read before stay in force.`;
      if (message !== this.#complaint) report({ event: 'keep-file.failed', path: this.#path, message });
      this.#complaint = message;
      return false;
    }
    if (mark === this.#mark) {
      // Back to what it was.
      this.#pending = undefined;
      this.#tellRead(report);
      return true;
    }
    const before = this.patterns.length;
    this.#pending = { mark, patterns: read.patterns, sinceMs: this.#now() };
    return this.patterns.length !== before;
  }

  /** New patterns are in force at once; missing ones end once the file is unchanged for a while. */
  #settle(report: (news: KeepFileNews) => void): boolean {
    const pending = this.#pending;
    if (pending === undefined || this.#now() - pending.sinceMs < REST_MS) return false;
    this.#patterns = pending.patterns;
    this.#mark = pending.mark;
    this.#pending = undefined;
    this.#tellRead(report);
    return true;
  }

  #tellRead(report: (news: KeepFileNews) => void): void {
    this.#complaint = undefined;
    report({ event: 'keep-file.read', path: this.#path, patterns: this.#patterns.length });
  }
}

async function readKeepFile(path: string): Promise<ParsedKeepFile & { readonly mark: string }> {
  const file = await readTextFile(path);
  if (!file.ok) return { ok: false, problems: [`${path}: ${file.reason}`], mark: '' };
  await loadExpressions([file.text]);
  return { ...parseKeepFile(path, file.text), mark: file.mark };
}
