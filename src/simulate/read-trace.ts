/** Reads trace files (JSON Lines, docs/trace-format.md), a line at a time, so that only the compact trace is kept. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { type Trace, TraceBuilder, TraceError, type UseEvent } from './trace.ts';

const amount = v.pipe(v.number(), v.finite(), v.minValue(0));

const useEvent = v.object({
  time: v.pipe(v.number(), v.finite()),
  event: v.literal('use'),
  image: v.string(),
  reference: v.exactOptional(v.string()),
  durationSeconds: v.exactOptional(amount),
  layers: v.exactOptional(
    v.array(v.object({ id: v.string(), bytes: amount, inodes: v.exactOptional(amount) })),
  ),
  built: v.exactOptional(v.boolean()),
});

/** One line as an event; undefined for events of other kinds, which later versions may write. */
function parseLine(line: string): UseEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new TraceError('not JSON');
  }
  const kind = typeof value === 'object' && value !== null && 'event' in value ? value.event : undefined;
  if (typeof kind === 'string' && kind !== 'use') return undefined;
  const parsed = v.safeParse(useEvent, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new TraceError(`${v.getDotPath(issue) ?? 'the line'}: ${issue.message}`);
}

/**
 * Reads files one after another as one trace.
 * @throws TraceError that names the file and the line, or that there is not one use in them.
 */
export async function readTraces(files: readonly string[], signal: AbortSignal): Promise<Trace> {
  const builder = new TraceBuilder();
  let uses = 0;
  for (const file of files) {
    let number = 0;
    try {
      const lines = createInterface({ input: createReadStream(file, { signal }), crlfDelay: Infinity });
      for await (const line of lines) {
        number += 1;
        const event = line.trim() === '' ? undefined : parseLine(line);
        if (event === undefined) continue;
        builder.add(event);
        uses += 1;
      }
    } catch (error) {
      signal.throwIfAborted();
      const what = error instanceof Error ? error.message : String(error);
      throw new TraceError(number === 0 ? `${file}: ${what}` : `${file}:${number}: ${what}`);
    }
  }
  if (uses === 0) throw new TraceError(`no use of an image in ${files.join(', ')}`);
  return builder.build();
}
