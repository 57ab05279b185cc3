/** Lines out of a body that arrives in pieces. */
import type { Readable } from 'node:stream';

/** A line grew longer than allowed. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}

/**
 * The lines of a body as they arrive, without line ends; empty ones are left out, and so is an unfinished last one.
 * @throws LineTooLongError when a line has more UTF-16 units than `maxLength`; what the body throws.
 */
export async function* readLines(body: Readable, maxLength: number): AsyncGenerator<string, void> {
  body.setEncoding('utf8');
  let begun = '';
  for await (const piece of body as AsyncIterable<string>) {
    const lines = (begun + piece).split('\n');
    begun = lines.pop() ?? '';
    for (const line of lines) {
      if (line.length > maxLength) throw new LineTooLongError();
      if (line !== '') yield line;
    }
    if (begun.length > maxLength) throw new LineTooLongError();
  }
}
