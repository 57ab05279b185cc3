/** Reads trace files (JSON Lines, docs/trace-format.md), a line at a time, so that only the compact trace is kept. */
import * as v from 'valibot';
import { eachLine } from './lines.ts';
import { type Trace, TraceBuilder, TraceError, type UseEvent } from './trace.ts';

/** 8 EiB, more than any filesystem: anything larger is a mistake, and sums of it are not finite. */
const MOST = 2 ** 63;
/** The last moment that a date can name, in seconds. */
const LAST_SECOND = 8.64e12;
/** Three hundred years. */
const LONGEST_SECONDS = 1e10;

const upTo = (most: number, said: string) =>
  v.pipe(v.number(), v.finite(), v.minValue(0, 'less than 0'), v.maxValue(most, `more than ${said}`));
const amount = upTo(MOST, '8 EiB');

const useEvent = v.object({
  time: v.pipe(
    v.number(),
    v.minValue(-LAST_SECOND, 'not a time in seconds'),
    v.maxValue(LAST_SECOND, 'not a time in seconds'),
  ),
  event: v.literal('use'),
  image: v.pipe(v.string(), v.nonEmpty('empty')),
  reference: v.exactOptional(v.string()),
  durationSeconds: v.exactOptional(upTo(LONGEST_SECONDS, '300 years')),
  layers: v.exactOptional(
    v.array(v.object({ id: v.string(), bytes: amount, inodes: v.exactOptional(upTo(MOST, '2^63')) })),
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
 * Reads files one after another as one trace; they may be packed with gzip.
 * @throws TraceError that names the file and the line, or that there is not one use in them.
 */
export async function readTraces(files: readonly string[]): Promise<Trace> {
  const builder = new TraceBuilder();
  let uses = 0;
  for (const file of files) {
    await eachLine(file, (line) => {
      const event = parseLine(line);
      if (event === undefined) return;
      builder.add(event);
      uses += 1;
    });
  }
  if (uses === 0) throw new TraceError(`no use of an image in ${files.join(', ')}`);
  return builder.build();
}
