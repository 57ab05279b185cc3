/**
 * The past that the page shows, over a restart: usage over time and the last sweeps, in a file beside the state file.
 * Bounded like the past in memory, and never trusted blindly. Written now and then and at the end; failures are
 * reported and disturb nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { FillRate } from '../../../core/model/forecast.ts';
import type { Thresholds } from '../../../core/model/thresholds.ts';
import type { Reporter } from '../../../events/events.ts';
import type { Schema } from '../../../events/fields.ts';
import { reportFields } from '../../../events/sweep-events.ts';
import { readStateFile, writeStateFile } from '../../../system/state-file.ts';
import type { SweepDone } from '../../json/activity.ts';
import { Activity } from './activity.ts';

const VERSION = 1;
/** A crash loses at most this much. */
const SAVE_EVERY_MS = 300_000;
/** A disk that answers nothing must not keep the process from ending. */
const LAST_SAVE_MS = 5_000;

const time = v.pipe(v.number(), v.minValue(0));
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
/** Time, blocks, inodes, allocated: as in Sample. */
const sample = v.tuple([time, v.number(), v.nullable(v.number()), v.nullable(v.number())]);
/** What a field of an event may be, by its JSON Schema. */
function checkOf({ type, enum: words }: Schema) {
  if (Array.isArray(words)) return v.picklist(words as readonly string[]);
  if (type === 'boolean') return v.boolean();
  return type === 'array' ? v.array(v.string()) : v.number();
}
const sweep = v.object({
  ...Object.fromEntries(Object.entries(reportFields).map(([name, field]) => [name, checkOf(field)])),
  startedAtMs: time,
  endedAtMs: time,
  // The fields checked here are those that make the type.
}) as unknown as v.GenericSchema<unknown, SweepDone>;
const shape = v.object({
  version: v.literal(VERSION),
  path: v.string(),
  thresholdType: v.string(),
  /** By tier, the finest first: slot, peak, last; null where that is the peak. */
  samples: v.array(v.array(v.tuple([whole, sample, v.nullable(sample)]))),
  sweeps: v.array(sweep),
});

export interface ActivityFileOptions {
  /** The file. */
  readonly file: string;
  /** What is measured: another path or unit has another past. */
  readonly path: string;
  readonly thresholdType: Thresholds['type'];
  readonly report: Reporter;
  /** Epoch ms. */
  readonly clock: () => number;
}

/**
 * How fast the filesystem fills up, since the last sweep, by the file. Only read; a file that is damaged or of
 * another path is ignored: the daemon reports it.
 */
export async function savedFillRate(file: string, path: string): Promise<FillRate> {
  const found = await readStateFile(file);
  const parsed = found !== undefined && 'value' in found ? v.safeParse(shape, found.value) : undefined;
  if (parsed?.success !== true || parsed.output.path !== path) return new FillRate();
  const activity = new Activity();
  activity.restore(parsed.output, Date.now());
  return activity.fillRate;
}

export class ActivityFile {
  readonly #activity: Activity;
  readonly #options: ActivityFileOptions;
  #timer: NodeJS.Timeout | undefined;
  #savedVersion: number | undefined;
  #isFailing = false;
  #saving: Promise<void> = Promise.resolve();

  constructor(activity: Activity, options: ActivityFileOptions) {
    this.#activity = activity;
    this.#options = options;
  }

  /** Takes over what the file knows. */
  async load(): Promise<void> {
    const { file, path, thresholdType, report, clock } = this.#options;
    const found = await readStateFile(file);
    if (found === undefined) return;
    const parsed = 'damaged' in found ? undefined : v.safeParse(shape, found.value);
    if (parsed?.success !== true) {
      const message = 'damaged' in found ? found.damaged : `${file} is damaged or of another version.`;
      report({ event: 'history.state-lost', path: file, message });
      return;
    }
    const state = parsed.output;
    if (state.path === path && state.thresholdType === thresholdType) this.#activity.restore(state, clock());
  }

  /** From now on it is written now and then. */
  start(): void {
    this.#timer = setInterval(() => {
      this.#saving = this.#saving.then(() => this.save());
    }, SAVE_EVERY_MS).unref();
  }

  /** Writes it, where there is something new. Does not throw. */
  async save(): Promise<void> {
    const { file, path, thresholdType, report } = this.#options;
    const { version } = this.#activity;
    if (version === this.#savedVersion) return;
    try {
      await writeStateFile(file, { version: VERSION, path, thresholdType, ...this.#activity.toState() });
      this.#savedVersion = version;
      this.#isFailing = false;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!this.#isFailing) report({ event: 'history.write-failed', path: file, message });
      this.#isFailing = true;
    }
  }

  /** Writes it for the last time, if the disk lets it. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const enough = new AbortController();
    await Promise.race([
      this.#saving.then(() => this.save()),
      delay(LAST_SAVE_MS, undefined, { signal: enough.signal }).catch(() => undefined),
    ]);
    enough.abort();
  }
}
