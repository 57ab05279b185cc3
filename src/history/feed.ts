/**
 * Turns the engine's events and lists into the usage history: names become IDs, containers become uses. Nothing here
 * knows the source of events, or that a connection can be lost.
 */
import type { ChainId, Container, Image, ImageId, Layer } from '../core/model/store.ts';
import { applyEvent, type UsageEvent } from '../core/use-history/apply-event.ts';
import type { UsageHistory } from '../core/use-history/history.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineEvent } from '../engine/engine-events.ts';
import { LayerFinder, type MeasuredLayers, whatIsThere } from './layers.ts';
import { NameIndex } from './names.ts';
import { type FinishedUse, UseTracker } from './uses.ts';

export interface FeedOptions {
  readonly engine: Engine;
  /** Is changed in place. */
  readonly history: UsageHistory;
  readonly measured: MeasuredLayers;
  readonly finished: (use: FinishedUse) => void;
  /** The history was changed. */
  readonly changed: () => void;
  /** What the host's clock skipped since it was last asked. */
  readonly skipped?: () => { readonly fromMs: number; readonly toMs: number } | undefined;
}

export class Feed {
  readonly #options: FeedOptions;
  readonly #names = new NameIndex();
  readonly #layers: LayerFinder;
  readonly #uses: UseTracker;
  /** Images of which the engine is to be asked: many changes of one cost one question. IDs and names. */
  readonly #dirty = new Set<string>();
  /** While a list is applied: what is to be applied after it. */
  #deferred: UsageEvent[] | undefined;

  constructor(options: FeedOptions, nowMs: number) {
    const { engine, history, measured, finished } = options;
    this.#options = options;
    this.#layers = new LayerFinder(engine, history, measured);
    this.#uses = new UseTracker(history.containers, nowMs, {
      apply: (event) => {
        if (this.#deferred === undefined) this.#apply(event);
        else this.#deferred.push(event);
      },
      finished,
    });
  }

  get containersInUse(): number {
    return this.#uses.inUse;
  }

  /** An image's layers from the bottom up, as far as known. */
  layersOf(id: ImageId): readonly Layer[] | undefined {
    return this.#layers.layersOf(id);
  }

  /** Time has passed. */
  settleUses(nowMs: number): void {
    this.#uses.settle(nowMs);
  }

  /** The process ends: reports uses under way as finished, for the trace; the history keeps them. */
  leave(nowMs: number): void {
    this.#uses.leave(nowMs);
  }

  /** Nothing was seen in this time. */
  gap(fromMs: number, toMs: number): void {
    this.#apply({ kind: 'gap', fromMs, toMs });
  }

  /** What names mean from now on. To be called before the events that precede the list are applied. */
  index(images: readonly Image[]): void {
    this.#names.reset(images);
  }

  /** @throws EngineError when the engine is away; the event may then be taken again. */
  async take(event: EngineEvent, atMs: number, signal: AbortSignal): Promise<void> {
    this.#uses.settle(atMs);
    switch (event.kind) {
      case 'container-created':
      case 'container-started':
        if (this.#uses.knows(event.containerId)) this.#uses.started(event.containerId, atMs);
        else if (event.image !== undefined) await this.#created(event.containerId, event.image, atMs, signal);
        break;
      case 'container-stopped':
        this.#uses.stopped(event.containerId, atMs);
        break;
      case 'container-removed':
        this.#uses.removed(event.containerId, atMs);
        break;
      case 'image-changed':
        this.#dirty.add(event.image);
        break;
      case 'image-removed':
        this.#dirty.delete(event.image);
        this.#gone(event.image, atMs);
        break;
    }
  }

  /** Images that changed and of which the engine was not asked yet. */
  get unsettled(): number {
    return this.#dirty.size;
  }

  /** Asks the engine of the images that changed. @throws EngineError when it is away. */
  async settleImages(atMs: number, signal: AbortSignal): Promise<void> {
    for (const name of this.#dirty) {
      // First, so that a change during the request is not lost.
      this.#dirty.delete(name);
      const id = await this.#look(name, atMs, signal);
      if (id === undefined && this.#options.history.images.get(name)?.present === true)
        this.#gone(name, atMs);
    }
  }

  /** Images with their layers, for `listed`; takes long the first time. @throws EngineError when the engine is away. */
  async describe(images: readonly Image[], signal: AbortSignal): Promise<DescribedImages> {
    const described: Image[] = [];
    const layers = new Map<ChainId, Layer>();
    for (const listed of images) {
      const image = await this.#layers.withLayers(listed, signal);
      described.push(await this.#withArrival(image, signal));
      for (const [id, layer] of await this.#layers.sizes(image, signal)) layers.set(id, layer);
    }
    this.#layers.keepOnly(new Set(images.map(({ id }) => id)));
    return { images: described, layers };
  }

  /** An image that the history does not know yet, with the time at which it arrived, if the engine reports that. */
  async #withArrival(image: Image, signal: AbortSignal): Promise<Image> {
    const { engine, history } = this.#options;
    if (engine.arrivedAtMs === undefined || history.images.has(image.id)) return image;
    return { ...image, appearedAtMs: await engine.arrivedAtMs(image, signal) };
  }

  /**
   * All there is.
   * @param missedSinceMs nothing was seen since then, by the engine's clock; undefined when nothing was missed.
   */
  listed(
    { images, layers }: DescribedImages,
    containers: readonly Container[],
    atMs: number,
    missedSinceMs: number | undefined,
    isFirst: boolean,
  ): void {
    // The list is newer than the changes reported before it.
    this.#dirty.clear();
    const ids = new Set(images.map(({ id }) => id));
    const imagesOf = (container: Container): readonly ImageId[] => {
      const named = container.images.map((name) => this.#names.find(name) ?? name);
      return [...new Set(named)].filter((id) => ids.has(id));
    };
    const deferred: UsageEvent[] = [];
    this.#deferred = deferred;
    const inUse = this.#uses.listed(containers, imagesOf, atMs, missedSinceMs);
    this.#deferred = undefined;
    this.#apply({ kind: 'listed', atMs, isFirst, images, layers, containers: inUse });
    for (const event of deferred) this.#apply(event);
  }

  async #created(containerId: string, typed: string, atMs: number, signal: AbortSignal): Promise<void> {
    await this.settleImages(atMs, signal);
    const id = this.#names.find(typed) ?? (await this.#look(typed, atMs, signal));
    // Gone with its image before we could ask: nothing is left that the use could be counted for.
    if (id === undefined) return;
    if (this.#options.history.images.get(id)?.present !== true) await this.#look(id, atMs, signal);
    this.#uses.created(containerId, id, referenceOf(typed) ?? this.#names.nameOf(id), atMs);
  }

  /** Asks the engine for the image of an ID or name, and applies it. */
  async #look(name: string, atMs: number, signal: AbortSignal): Promise<ImageId | undefined> {
    const image = await whatIsThere(() => this.#options.engine.inspectImage(name, signal));
    if (image === undefined) return undefined;
    const layers = await this.#layers.sizes(image, signal);
    this.#names.put(image);
    this.#names.learn(name, image.id);
    this.#apply({ kind: 'appeared', atMs, image, layers });
    return image.id;
  }

  #gone(imageId: ImageId, atMs: number): void {
    this.#names.forget(imageId);
    this.#apply({ kind: 'removed', atMs, imageId });
  }

  /** Before anything that is of a time after it. */
  noteSkippedTime(): void {
    const skipped = this.#options.skipped?.();
    if (skipped !== undefined) applyEvent(this.#options.history, { kind: 'gap', ...skipped });
  }

  #apply(event: UsageEvent): void {
    this.noteSkippedTime();
    applyEvent(this.#options.history, event);
    this.#options.changed();
  }
}

export interface DescribedImages {
  readonly images: readonly Image[];
  readonly layers: ReadonlyMap<ChainId, Layer>;
}

/** A name that was typed, as a reference; undefined for an ID. */
function referenceOf(typed: string): string | undefined {
  if (/^(sha256:)?[0-9a-f]{6,64}$/.test(typed)) return undefined;
  const hasTag = typed.includes('@') || typed.lastIndexOf(':') > typed.lastIndexOf('/');
  return hasTag ? typed : `${typed}:latest`;
}
