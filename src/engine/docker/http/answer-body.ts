/** The body of an answer: whole within a bound, or line by line as it arrives. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { EngineError } from '../../engine.ts';
import { JsonFilter } from '../../../system/json-filter.ts';
import { LineTooLongError, readLines } from './lines.ts';

/** Called as lines arrive. Must not wait: the engine drops slow readers. */
export interface LineReader {
  /** In UTF-16 units. */
  readonly maxLineLength: number;
  /** The head is there: the engine has begun to answer. */
  readonly opened: (headers: IncomingHttpHeaders) => void;
  readonly line: (line: string) => void;
}

/** A larger answer is filtered. */
const LARGE_BYTES = 4 * 1024 * 1024;

/**
 * Gives a reader the lines of an answer until the other side ends it.
 * @param question request and address, for messages.
 * @throws EngineError `protocol` at a line that is too long; what the reader throws.
 */
export async function readStream(
  response: IncomingMessage,
  reader: LineReader,
  question: string,
): Promise<void> {
  reader.opened(response.headers);
  try {
    for await (const line of readLines(response, reader.maxLineLength)) reader.line(line);
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error;
    throw new EngineError(
      'protocol',
      `${question}: a line of the answer is longer than ${String(reader.maxLineLength)} characters. Is that a container engine?`,
    );
  }
}

/**
 * The whole body as text; of a large one only the members that are read.
 * @param question request and address, for messages.
 * @throws EngineError `protocol` where even that is larger than maxBytes.
 */
export async function readText(
  response: IncomingMessage,
  wantedKeys: () => ReadonlySet<string>,
  maxBytes: number,
  question: string,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let filter: JsonFilter | undefined;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (filter === undefined && bytes > LARGE_BYTES) {
      filter = new JsonFilter(wantedKeys());
      for (const early of chunks.splice(0)) filter.push(early);
    }
    if (filter === undefined) chunks.push(chunk);
    else filter.push(chunk);
    if ((filter?.bytes ?? bytes) <= maxBytes) continue;
    throw new EngineError(
      'protocol',
      `${question}: the answer is larger than ${String(maxBytes)} bytes. Is that a container engine?`,
      response.statusCode === undefined ? {} : { status: response.statusCode },
    );
  }
  return filter === undefined ? Buffer.concat(chunks).toString('utf8') : filter.text();
}
