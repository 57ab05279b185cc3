/** The lines of a file with their numbers, gunzipped if needed; errors in one line. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { errnoOf } from '../../system/errno.ts';
import { TraceError } from './trace.ts';

/** The longest line that is taken: a file without line ends must not be read whole into memory. */
const LONGEST_LINE = 16_000_000;

/**
 * Calls `take` with each line that is not empty.
 * @throws TraceError that names the file, and the number of the line where it is about one.
 */
export async function eachLine(file: string, take: (line: string) => void): Promise<void> {
  let number = 0;
  const takeNext = (line: string): void => {
    number += 1;
    if (line.trim() !== '') take(line);
  };
  try {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of unpacked(file)) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(takeNext);
      if (rest.length > LONGEST_LINE) {
        number += 1;
        throw new TraceError(`longer than ${LONGEST_LINE} characters`);
      }
    }
    takeNext(rest + decoder.decode());
  } catch (error) {
    if (error instanceof TraceError) throw new TraceError(`${file}:${number}: ${error.message}`);
    throw new TraceError(unreadable(file, error, number));
  }
}

/** By its first bytes, not by its name: a trace that logrotate packed may have any. */
async function* unpacked(file: string): AsyncGenerator<Buffer> {
  const packed = createReadStream(file);
  const chunks = packed[Symbol.asyncIterator]() as AsyncGenerator<Buffer>;
  const first = await chunks.next();
  if (first.done === true) return;
  const whole = joined(first.value, chunks);
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield* whole;
    return;
  }
  const gunzip = createGunzip();
  // Errors are for the reader; one that has stopped reading does not need them.
  pipeline(whole, gunzip).catch(() => undefined);
  yield* gunzip as AsyncIterable<Buffer>;
}

async function* joined(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

function unreadable(file: string, error: unknown, line: number): string {
  const code = errnoOf(error);
  switch (code) {
    case 'ENOENT':
      return `cannot read ${file}: no such file`;
    case 'EACCES':
      return `cannot read ${file}: permission denied`;
    case 'EISDIR':
      return `cannot read ${file}: it is a directory`;
    case undefined:
    default: {
      const what = error instanceof Error ? error.message : String(error);
      const where = line === 0 ? '' : ` after line ${line}`;
      return `cannot read ${file}${where}: ${code?.startsWith('Z_') === true ? `damaged gzip data (${what})` : what}`;
    }
  }
}
