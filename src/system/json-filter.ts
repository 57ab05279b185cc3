/**
 * Extracts the wanted members of objects from a JSON text that arrives in pieces, by key at any depth, and skips the
 * rest: labels, variables and commands of an image take no memory, however long. Input that is not JSON gives output
 * that is not JSON either.
 */

/** Longer strings become `tooLong`: no name, ID or time is. */
const maxStringBytes = 64 * 1024;
const tooLong = Buffer.from('"(too long)"');
/** No wanted key is longer. */
const maxKeyBytes = 256;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const open = { object: 0x7b, array: 0x5b } as const;
const close = { object: 0x7d, array: 0x5d } as const;

interface Container {
  readonly isObject: boolean;
  /** The output so far. */
  kept: number;
  /** The next string is a key. */
  expectsKey: boolean;
}

/** A string that has begun. */
interface OpenString {
  readonly isKey: boolean;
  readonly key: Buffer[];
  bytes: number;
  /** Where it begins in the output. */
  readonly from: number;
}

/** A text in the making; one for one answer. */
export class JsonFilter {
  readonly #wanted: ReadonlySet<string>;
  #out = Buffer.alloc(64 * 1024);
  #length = 0;
  readonly #stack: Container[] = [];
  /** How deep the container is of whose members one is being left out. */
  #skipped: number | undefined;
  #string: OpenString | undefined;
  #isEscaped = false;
  #isInLiteral = false;

  constructor(wanted: ReadonlySet<string>) {
    this.#wanted = wanted;
  }

  /** Length of the output so far. */
  get bytes(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;)
      at = this.#string === undefined ? this.#outside(chunk, at) : this.#inside(chunk, at);
  }

  text(): string {
    return this.#out.toString('utf8', 0, this.#length);
  }

  /** One byte that is in no string; the position of the next one. */
  #outside(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    const isDelimiter = byte === comma || byte === close.object || byte === close.array || byte <= 0x20;
    if (this.#isInLiteral && isDelimiter) this.#valueEnds();
    const top = this.#stack.at(-1);
    if (byte === quote) {
      const isKey = top?.isObject === true && top.expectsKey;
      if (!isKey) this.#valueBegins();
      this.#string = { isKey, key: [], bytes: 0, from: this.#length };
      if (!isKey) this.#emit(chunk.subarray(at, at + 1));
    } else if (byte === open.object || byte === open.array) {
      this.#valueBegins();
      this.#emit(chunk.subarray(at, at + 1));
      this.#stack.push({ isObject: byte === open.object, kept: 0, expectsKey: true });
    } else if (byte === close.object || byte === close.array) {
      this.#stack.pop();
      this.#emit(chunk.subarray(at, at + 1));
      this.#valueEnds();
    } else if (byte === comma) {
      if (top !== undefined) top.expectsKey = true;
    } else if (byte > 0x20 && byte !== colon) {
      if (!this.#isInLiteral) this.#valueBegins();
      this.#isInLiteral = true;
      this.#emit(chunk.subarray(at, at + 1));
    }
    return at + 1;
  }

  /** A run of a string, to its end or the end of the piece; the position after it. */
  #inside(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === backslash) this.#isEscaped = true;
      else if (byte === quote) break;
      at++;
    }
    const string = this.#string;
    if (string === undefined) return at;
    string.bytes += at - from;
    if (string.isKey) {
      if (string.bytes <= maxKeyBytes) string.key.push(chunk.subarray(from, at));
    } else if (string.bytes <= maxStringBytes) this.#emit(chunk.subarray(from, at));
    if (at < chunk.length) this.#stringEnds(string, chunk.subarray(at, at + 1));
    return at + 1;
  }

  #stringEnds({ isKey, key, bytes, from }: OpenString, end: Buffer): void {
    this.#string = undefined;
    const top = this.#stack.at(-1);
    if (!isKey) {
      if (bytes <= maxStringBytes) this.#emit(end);
      else if (this.#skipped === undefined) {
        this.#length = from;
        this.#emit(tooLong);
      }
      this.#valueEnds();
      return;
    }
    if (top === undefined) return;
    top.expectsKey = false;
    if (this.#skipped !== undefined) return;
    const name = bytes > maxKeyBytes ? undefined : Buffer.concat(key).toString('utf8');
    if (name === undefined || !this.#wanted.has(name)) this.#skipped = this.#stack.length;
    else this.#emit(Buffer.from(`${top.kept++ > 0 ? ',' : ''}${JSON.stringify(name)}:`));
  }

  #valueBegins(): void {
    const top = this.#stack.at(-1);
    if (this.#skipped !== undefined || top === undefined || top.isObject) return;
    if (top.kept++ > 0) this.#emit(Buffer.from(','));
  }

  #valueEnds(): void {
    this.#isInLiteral = false;
    if (this.#skipped === this.#stack.length) this.#skipped = undefined;
  }

  #emit(bytes: Buffer): void {
    if (this.#skipped !== undefined) return;
    const length = this.#length + bytes.length;
    if (length > this.#out.length) {
      const larger = Buffer.alloc(2 * length);
      this.#out.copy(larger, 0, 0, this.#length);
      this.#out = larger;
    }
    bytes.copy(this.#out, this.#length);
    this.#length = length;
  }
}
