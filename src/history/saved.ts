/** The state file: the usage history over a restart, and up to when it is valid. */
import * as v from 'valibot';
import { type HistoryLimits, type UsageHistory } from '../core/use-history/history.ts';
import { fromState, toState, UsageStateError } from '../core/use-history/serialise.ts';
import { readStateFile, writeStateFile } from '../system/state-file.ts';
import type { SeenMark } from './seen.ts';

const VERSION = 1;

/** The daemon writes it at least this often, even when nothing changed: otherwise a crash would turn a quiet week into a gap. */
export const SAVED_AT_LEAST_EVERY_MS = 3_600_000;

const shape = v.object({
  version: v.literal(VERSION),
  seenUntilMs: v.number(),
  mark: v.optional(v.object({ engineTimeMs: v.number(), keys: v.array(v.string()) })),
  usage: v.unknown(),
});

export interface Saved {
  readonly history: UsageHistory;
  /** Everything was seen up to then, by the host's clock. */
  readonly seenUntilMs: number;
  readonly mark: SeenMark | undefined;
}

/** @returns undefined when there is no file; `{ lost }`, a sentence, when it cannot be used. */
export async function loadHistory(
  path: string,
  limits?: HistoryLimits,
): Promise<Saved | { readonly lost: string } | undefined> {
  const file = await readStateFile(path);
  if (file === undefined) return undefined;
  if ('damaged' in file) return { lost: file.damaged };
  const parsed = v.safeParse(shape, file.value);
  if (!parsed.success) return { lost: `${path} is damaged or of another version.` };
  const { usage, seenUntilMs, mark } = parsed.output;
  try {
    return { history: fromState(usage, limits), seenUntilMs, mark };
  } catch (error) {
    if (error instanceof UsageStateError) return { lost: `${path}: ${error.message}.` };
    throw error;
  }
}

/** @throws Node's filesystem error; RangeError when it would be too large. */
export async function saveHistory(path: string, { history, seenUntilMs, mark }: Saved): Promise<void> {
  await writeStateFile(path, { version: VERSION, seenUntilMs, mark, usage: toState(history) });
}
