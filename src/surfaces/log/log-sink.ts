/**
 * Where log lines are written. A log that cannot be written (a full disk, a reader that is gone or does not read) never
 * ends the program nor holds it: lines wait, within a bound, are tried again, and what was lost is said once lines can be
 * written again.
 */
import { constants, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errnoOf } from '../../system/errno.ts';

/** Lines that wait; the oldest are dropped when there are more. */
const MAX_WAITING_BYTES = 256 * 1024;
const RETRY_MS = 250;
/** How long a slow reader is waited for at the program's end. */
const LAST_MS = 1_000;
const LAST_WAIT_MS = 20;

/** Writes some of the bytes without waiting and returns how many. @throws Node's filesystem error, also EAGAIN. */
export type WriteSome = (bytes: Buffer) => number;

export interface LogSinkOptions {
  readonly writeSome: WriteSome;
  /** The line that says that lines were lost; with its end. */
  readonly lostLine: (lines: number, reason: string) => string;
  readonly maxWaitingBytes?: number;
}

/** A line, or what is left of it. */
interface Waiting {
  bytes: Buffer;
  isBegun: boolean;
}

export class LogSink {
  readonly #options: LogSinkOptions;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #reason = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LogSinkOptions) {
    this.#options = options;
  }

  /** Takes a line with its end. Never throws, never waits. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    this.#waiting.push({ bytes, isBegun: false });
    this.#waitingBytes += bytes.length;
    this.#flush();
    this.#drop();
  }

  /** Shows what is worth nothing later, such as progress; not while lines wait. */
  draw(text: string): void {
    if (this.#waiting.length > 0) return;
    const rest = this.#some(Buffer.from(text));
    // The rest of what was begun, so that no line is written into an escape sequence.
    if (rest.isBegun && rest.bytes.length > 0) {
      this.#waiting.push(rest);
      this.#waitingBytes += rest.bytes.length;
    }
  }

  /** The last try, for a moment again while the reader is slow. */
  end(): void {
    clearTimeout(this.#timer);
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    for (let leftMs = LAST_MS; ; leftMs -= LAST_WAIT_MS) {
      this.#flush();
      if (this.#waiting.length === 0 || this.#reason !== 'EAGAIN' || leftMs <= 0) break;
      Atomics.wait(sleeper, 0, 0, LAST_WAIT_MS);
    }
    clearTimeout(this.#timer);
  }

  #flush(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const rest = this.#some(next.bytes);
      this.#waitingBytes -= next.bytes.length - rest.bytes.length;
      next.bytes = rest.bytes;
      next.isBegun ||= rest.isBegun;
      if (rest.bytes.length > 0) break;
      this.#waiting.shift();
    }
    if (this.#waiting.length > 0) this.#tryAgain();
  }

  #tryAgain(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, RETRY_MS).unref();
  }

  /** What is to be written next: that lines were lost, before those that came after them. */
  #next(): Waiting | undefined {
    const [first] = this.#waiting;
    if (this.#lost === 0 || first?.isBegun === true) return first;
    const bytes = Buffer.from(this.#options.lostLine(this.#lost, this.#reason));
    const { bytes: rest, isBegun } = this.#some(bytes);
    // It is empty where that is below the level of the log.
    if (!isBegun && bytes.length > 0) return undefined;
    this.#lost = 0;
    if (rest.length === 0) return this.#waiting[0];
    this.#waiting.unshift({ bytes: rest, isBegun });
    this.#waitingBytes += rest.length;
    return this.#waiting[0];
  }

  /** Writes as much as is taken, and returns the rest. */
  #some(bytes: Buffer): Waiting {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(this.#options.writeSome(rest));
    } catch (error) {
      this.#reason = errnoOf(error) ?? String(error);
    }
    return { bytes: rest, isBegun: rest.length < bytes.length };
  }

  #drop(): void {
    const limit = this.#options.maxWaitingBytes ?? MAX_WAITING_BYTES;
    while (this.#waitingBytes > limit) {
      const at = this.#waiting[0]?.isBegun === true ? 1 : 0;
      const [dropped] = this.#waiting.splice(at, 1);
      // What was begun is written to its end, however long it is.
      if (dropped === undefined) return;
      this.#waitingBytes -= dropped.bytes.length;
      this.#lost += 1;
    }
  }
}

/** How standard error is written without waiting for its reader. */
export function standardError(): WriteSome {
  const fd = isatty(2) ? openTerminal() : 2;
  // Node sets a pipe or socket to non-blocking when it makes its stream.
  if (fd === 2) void process.stderr;
  return (bytes) => writeSync(fd, bytes);
}

/** A terminal of which somebody holds the output (Ctrl-S) must not hold us: opened once more, without waiting. */
function openTerminal(): number {
  try {
    return openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Not ours to open (another user's): written as it is.
    return 2;
  }
}
