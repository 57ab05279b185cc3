/** The few lines of tar (POSIX ustar) that image archives need, streamed: content is made while it is sent. */

export interface TarEntry {
  readonly name: string;
  readonly type?: 'file' | 'directory' | 'symlink';
  readonly linkTarget?: string;
  /** Octal permissions; default 0o644. */
  readonly mode?: number;
  /** User and group; default 0. */
  readonly owner?: number;
  /** Bytes; must be what `content` yields. */
  readonly size?: number;
  readonly content?: Iterable<Buffer>;
}

const blockBytes = 512;
const typeFlag = { file: '0', symlink: '2', directory: '5' } as const;

function header(entry: TarEntry): Buffer {
  if (Buffer.byteLength(entry.name) > 100) throw new RangeError(`Too long for a ustar name: ${entry.name}`);
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, width: number): void => {
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at);
  };
  block.write(entry.name, 0);
  octal(entry.mode ?? 0o644, 100, 8);
  octal(entry.owner ?? 0, 108, 8); // owner
  octal(entry.owner ?? 0, 116, 8); // group
  octal(entry.size ?? 0, 124, 12);
  octal(0, 136, 12); // modified
  block.write(' '.repeat(8), 148); // the checksum counts itself as spaces
  block.write(typeFlag[entry.type ?? 'file'], 156);
  block.write(entry.linkTarget ?? '', 157);
  block.write('ustar\x0000', 257);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}

/** The bytes of a tar archive. */
export function* tar(entries: Iterable<TarEntry>): Generator<Buffer> {
  for (const entry of entries) {
    yield header(entry);
    let bytes = 0;
    for (const chunk of entry.content ?? []) {
      bytes += chunk.length;
      yield chunk;
    }
    if (bytes !== (entry.size ?? 0))
      throw new RangeError(`${entry.name}: ${bytes} bytes, ${entry.size ?? 0} announced`);
    yield Buffer.alloc((blockBytes - (bytes % blockBytes)) % blockBytes);
  }
  yield Buffer.alloc(2 * blockBytes);
}

/** A file with its content in memory. */
export function file(name: string, content: Buffer | string, mode = 0o644): TarEntry {
  const bytes = Buffer.from(content);
  return { name, mode, size: bytes.length, content: [bytes] };
}
