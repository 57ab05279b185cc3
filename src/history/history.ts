/**
 * The usage history of a running daemon: fed by the engine, remembered in the state file, written to a trace. Idle it
 * costs one open stream of events, and nothing is asked of the engine.
 */
import { hasFired, sleep } from '../system/clock.ts';
import { type HistoryLimits, newHistory, type UsageHistory } from '../core/use-history/history.ts';
import type { Engine } from '../engine/engine.ts';
import type { Reporter } from '../events/events.ts';
import { ClockJumps } from './clock-jumps.ts';
import { Feed } from './feed.ts';
import { Follower } from './follower.ts';
import type { MeasuredLayers } from './layers.ts';
import { probeStateFile } from '../system/state-file.ts';
import { loadHistory, SAVED_AT_LEAST_EVERY_MS, saveHistory } from './saved.ts';
import { SeenEvents } from './seen.ts';
import { TraceFile, type TraceFileOptions, traceLine } from './trace-file.ts';

export interface HistoryOptions {
  /** May be away, may be used by others at the same time. */
  readonly engine: Engine;
  /** STATE_FILE; undefined: nothing is remembered over a restart. */
  readonly stateFile: string | undefined;
  /** RECORD_TRACE; undefined: no trace. */
  readonly recordTrace: string | undefined;
  readonly report: Reporter;
  /** Epoch ms. */
  readonly clock: () => number;
  /** A clock that never jumps, in ms; for tests. */
  readonly monotonic?: () => number;
  /** Write neither, for a command beside a daemon. */
  readonly isReadOnly?: boolean;
  /** Layers as measured on the disk, as far as known by now; without it their sizes are what the engine says. */
  readonly measuredLayers?: MeasuredLayers;
  /** For tests. */
  readonly tuning?: {
    readonly saveEveryMs?: number;
    readonly maxWaiting?: number;
    readonly retryLimitMs?: number;
    readonly trace?: TraceFileOptions;
    readonly limits?: HistoryLimits;
  };
}

export interface History {
  /**
   * The present history; it changes as the engine reports more. Read it between two awaits, or copy what is to be
   * kept.
   */
  current(): UsageHistory;
  /** Whether events are followed now, without a gap so far. */
  isFollowing(): boolean;
  /** Settles when the history has caught up with the engine for the first time, or is closed. */
  readonly synced: Promise<void>;
  /** Stops following, writes the state file and the trace. Does not throw; what cannot be written is reported. */
  close(): Promise<void>;
}

const SAVE_EVERY_MS = 60_000;

/** Reads the state file and begins to follow. @param signal ends the following as `close` does, which is still to be called. */
export async function startHistory(options: HistoryOptions, signal: AbortSignal): Promise<History> {
  const { stateFile, clock, report, tuning = {} } = options;
  const saved = stateFile === undefined ? undefined : await loadHistory(stateFile, tuning.limits);
  const isLost = saved !== undefined && 'lost' in saved;
  if (isLost && stateFile !== undefined)
    report({ event: 'history.state-lost', path: stateFile, message: saved.lost });
  const known = isLost ? undefined : saved;

  const history = known?.history ?? newHistory(clock(), tuning.limits);
  const seen = new SeenEvents(known?.mark);
  const trace =
    options.recordTrace === undefined ? undefined : new TraceFile(options.recordTrace, tuning.trace);
  let isChanged = false;
  const jumps = new ClockJumps(clock, options.monotonic ?? (() => performance.now()));
  const feed = new Feed(
    {
      engine: options.engine,
      history,
      measured: options.measuredLayers ?? (() => new Map()),
      changed: () => (isChanged = true),
      skipped: () => jumps.take(),
      finished: (use) => {
        const layers = feed.layersOf(use.imageId);
        const isBuiltHere = history.images.get(use.imageId)?.origin === 'built';
        if (layers !== undefined) trace?.add(traceLine(use, { layers, isBuiltHere }));
      },
    },
    clock(),
  );
  let synced = (): void => undefined;
  const whenSynced = new Promise<void>((resolve) => (synced = resolve));
  const follower = new Follower({
    engine: options.engine,
    feed,
    seen,
    report,
    clock,
    seenUntilMs: known?.seenUntilMs,
    synced,
    ...tuning,
  });

  const failed = new Set<string>();
  /** Runs a write; its failure is said once until it succeeds. */
  async function write(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      failed.delete(path);
    } catch (error) {
      if (!failed.has(path)) {
        const message = error instanceof Error ? error.message : String(error);
        report({ event: 'history.write-failed', path, message });
      }
      failed.add(path);
    }
  }

  // Not only when it is to be written for the first time, which is after a while, or at the end.
  const isReadOnly = options.isReadOnly === true;
  if (stateFile !== undefined && !isReadOnly) await write(stateFile, () => probeStateFile(stateFile));
  if (trace !== undefined) await write(trace.path, () => trace.probe());

  let savedAtMs = clock();
  async function save(isLast: boolean): Promise<void> {
    feed.noteSkippedTime();
    feed.settleUses(clock());
    if (trace?.hasWaiting === true) await write(trace.path, () => trace.flush());
    const { seenUntilMs } = follower;
    if (stateFile === undefined || seenUntilMs === undefined || isReadOnly) return;
    const age = clock() - savedAtMs;
    if (!isLast && !isChanged && age < SAVED_AT_LEAST_EVERY_MS && age >= 0) return;
    await write(stateFile, async () => {
      isChanged = false;
      savedAtMs = clock();
      try {
        await saveHistory(stateFile, { history, seenUntilMs, mark: seen.toMark() });
      } catch (error) {
        isChanged = true;
        throw error;
      }
    });
  }

  const closing = new AbortController();
  const ended = AbortSignal.any([signal, closing.signal]);

  async function saveNowAndThen(): Promise<void> {
    while (!hasFired(ended)) {
      await sleep(tuning.saveEveryMs ?? SAVE_EVERY_MS, ended);
      if (!hasFired(ended)) await save(false);
    }
  }

  const work = Promise.all([follower.run(ended), saveNowAndThen()]);

  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    closing.abort();
    await work;
    feed.leave(clock());
    await save(true);
    synced();
  }

  return {
    current() {
      feed.noteSkippedTime();
      feed.settleUses(clock());
      return history;
    },
    isFollowing: () => follower.isComplete,
    synced: whenSynced,
    close: () => (closed ??= close()),
  };
}
