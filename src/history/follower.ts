/**
 * Follows the engine's events: connects, lists, follows, and begins again when it is cut off. Repeated events are
 * applied once; where something may be missing, the history records a gap.
 */
import { backoff, hasFired, sleep } from '../system/clock.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import type { EngineEvent } from '../engine/engine-events.ts';
import type { Reporter } from '../events/events.ts';
import type { Feed } from './feed.ts';
import { EventQueue } from './queue.ts';
import type { SeenEvents } from './seen.ts';

export interface FollowerOptions {
  readonly engine: Engine;
  readonly feed: Feed;
  readonly seen: SeenEvents;
  readonly report: Reporter;
  readonly clock: () => number;
  /** Everything was seen up to then; undefined at the very first start. */
  readonly seenUntilMs: number | undefined;
  /** The history is up to date. */
  readonly synced: () => void;
  /** Events that wait at most; more are a storm, which a list makes up for. */
  readonly maxWaiting?: number;
  /** The longest wait before trying again. */
  readonly retryLimitMs?: number;
}

const MAX_WAITING = 10_000;
/** From this number of changed images on, one list costs less than a request for each. */
const MAX_UNSETTLED = 500;
/** An engine that has no stream of events, or forbids it, is asked for its lists at most this often. */
const BLIND_RETRY_MS = 300_000;
/** Clocks of one host differ by nothing; the answer's date has no fractions of a second. */
const SKEW_TOLERANCE_MS = 5_000;
export class Follower {
  readonly #options: FollowerOptions;
  #seenUntilMs: number | undefined;
  #isFollowing = false;
  /** While following: since when something may be missing. */
  #lostAtMs: number | undefined;
  #isInterrupted = false;
  #isBlind = false;
  /** The engine's clock minus ours. */
  #skewMs = 0;
  /** No event is earlier: up to then nothing was seen. */
  #floorMs = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#seenUntilMs = options.seenUntilMs;
  }

  /** Everything was seen up to then; undefined when nothing was seen yet. */
  get seenUntilMs(): number | undefined {
    return this.#isFollowing ? (this.#lostAtMs ?? this.#options.clock()) : this.#seenUntilMs;
  }

  /** Whether nothing is missing up to now. */
  get isComplete(): boolean {
    return this.#isFollowing && this.#lostAtMs === undefined;
  }

  /** Follows until stopped. Does not throw: failures are reported and retried. */
  async run(signal: AbortSignal): Promise<void> {
    let retry = backoff(1000, this.#options.retryLimitMs);
    while (!signal.aborted) {
      try {
        await this.#session(signal, () => {
          retry = backoff(1000, this.#options.retryLimitMs);
        });
      } catch (error) {
        if (hasFired(signal)) return;
        this.#interrupted(error);
        await sleep(this.#isBlind ? BLIND_RETRY_MS : retry.next().value, signal);
      }
    }
  }

  #interrupted(error: unknown): void {
    if (this.#isInterrupted) return;
    this.#isInterrupted = true;
    const message = error instanceof Error ? error.message : String(error);
    this.#options.report({ event: 'history.interrupted', message });
  }

  /** One stream, from connecting to its end. @throws always: EngineError, or the signal's reason. */
  async #session(signal: AbortSignal, begun: () => void): Promise<never> {
    const { engine, clock, seen, maxWaiting = MAX_WAITING } = this.#options;
    this.#isBlind = false;
    await engine.connect(signal);
    if (engine.followEvents === undefined) {
      await this.#blind(signal);
      throw new EngineError('failed', `${engine.endpoint}: this engine does not report events.`);
    }
    const queue = new EventQueue(maxWaiting, clock);
    const session = new AbortController();
    let opened: (engineTimeMs: number | undefined) => void = () => undefined;
    const head = new Promise<number | undefined>((resolve) => (opened = resolve));
    // From the first moment on: the engine's answer begins a little before it listens.
    const sinceMs = seen.lastTimeMs ?? (this.#seenUntilMs ?? clock()) + this.#skewMs;
    const stream = engine.followEvents(
      sinceMs,
      { opened, event: (event) => queue.push(event) },
      AbortSignal.any([signal, session.signal]),
    );
    // The queue reports its end, after the events before it.
    const ended = stream.catch((error: unknown) => {
      this.#lostAtMs ??= clock();
      queue.fail(error);
    });
    try {
      this.#setSkew(await this.#opened(Promise.race([head, stream]), signal));
      // After one round trip, repeated events have most likely arrived.
      await engine.ping(signal);
      await this.#synchronise(queue, this.#seenUntilMs, signal);
      begun();
      return await this.#follow(queue, signal);
    } finally {
      this.#seenUntilMs = this.seenUntilMs;
      this.#isFollowing = false;
      session.abort(new Error('the session is over'));
      await ended;
    }
  }

  /** Waits for the stream's head. An engine that refuses is asked for what there is. */
  async #opened(head: Promise<number | undefined>, signal: AbortSignal): Promise<number | undefined> {
    try {
      return await head;
    } catch (error) {
      const isRefused = error instanceof EngineError && (error.code === 'denied' || error.code === 'failed');
      if (isRefused) await this.#blind(signal);
      throw error;
    }
  }

  #setSkew(engineTimeMs: number | undefined): void {
    const skewMs = engineTimeMs === undefined ? 0 : engineTimeMs - this.#options.clock();
    this.#skewMs = Math.abs(skewMs) < SKEW_TOLERANCE_MS ? 0 : skewMs;
  }

  /** @throws what the stream ended with, once all events before it were taken. */
  async #follow(queue: EventQueue, signal: AbortSignal): Promise<never> {
    const { feed, clock } = this.#options;
    for (;;) {
      await queue.wait();
      await this.#take(queue.takeAll(), signal);
      const isStorm = queue.droppedAtMs !== undefined;
      if (isStorm) this.#lostAtMs ??= queue.droppedAtMs;
      if (isStorm || feed.unsettled > MAX_UNSETTLED) {
        await this.#synchronise(queue, queue.droppedAtMs, signal);
      } else if (queue.waiting.length === 0) await feed.settleImages(clock(), signal);
    }
  }

  /**
   * Takes over all images and containers.
   * @param missedSinceMs what happened since then may be missing, unless the events join on to those before them.
   */
  async #synchronise(
    queue: EventQueue,
    missedSinceMs: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { engine, feed, seen, clock, synced } = this.#options;
    const isFirst = this.#seenUntilMs === undefined;
    const isStorm = queue.droppedAtMs !== undefined;
    queue.accept();
    const early = [...queue.takeAll()];
    const listsBeganMs = clock() + this.#skewMs;
    // Images first, as in list-store.ts. Later events are applied after the lists.
    const images = await engine.listImages(signal);
    const containers = await engine.listContainers(signal);
    const described = await feed.describe(images, signal);
    // Repeated late, on a busy host: events from before the lists are applied before them, or a container removed
    // since would count as new.
    early.push(...queue.takeBefore(listsBeganMs));
    const isContinued = !isStorm && seen.isContinuedBy([...early, ...queue.waiting]);
    const missed = isContinued ? undefined : missedSinceMs;
    const nowMs = clock();
    if (missed !== undefined) {
      feed.gap(missed, nowMs);
      this.#floorMs = nowMs;
    }
    feed.index(images);
    // At the first start, only the list gives the age of images.
    if (!isFirst) await this.#take(early, signal);
    feed.listed(
      described,
      containers,
      nowMs,
      missed === undefined ? undefined : missed + this.#skewMs,
      isFirst,
    );
    this.#floorMs = nowMs;
    if (isFirst) await this.#take(early, signal);
    this.#isFollowing = true;
    this.#lostAtMs = queue.failedAtMs;
    this.#seenUntilMs = nowMs;
    if (!this.#isBlind) this.#said(images.length, missed === undefined ? 0 : Math.max(0, nowMs - missed));
    synced();
  }

  /** Without events: at least what there is, so that it is known when it appeared. */
  async #blind(signal: AbortSignal): Promise<void> {
    this.#isBlind = true;
    const nothing = new EventQueue(0, this.#options.clock);
    await this.#synchronise(nothing, this.#seenUntilMs, signal);
    this.#isFollowing = false;
  }

  #said(images: number, missedMs: number): void {
    const { feed, report } = this.#options;
    this.#isInterrupted = false;
    report({
      event: 'history.synced',
      images,
      containersInUse: feed.containersInUse,
      missedSeconds: missedMs / 1000,
    });
  }

  async #take(events: readonly EngineEvent[], signal: AbortSignal): Promise<void> {
    const { feed, seen, clock } = this.#options;
    for (const event of events) {
      if (seen.has(event)) continue;
      const atMs = Math.min(clock(), Math.max(this.#floorMs, event.atMs - this.#skewMs));
      try {
        await feed.take(event, atMs, signal);
      } catch (error) {
        // The engine will repeat it and later ones, if it remembers them.
        this.#lostAtMs = Math.min(this.#lostAtMs ?? atMs, atMs);
        throw error;
      }
      seen.add(event);
    }
  }
}
