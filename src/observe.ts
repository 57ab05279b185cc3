/** The world as one plain snapshot: the disk's usage and the engine's store at about the same moment. */
import type { ImageStore } from './core/store.ts';
import type { Usage } from './core/thresholds.ts';
import type { Engine } from './engine/engine.ts';

export interface Snapshot {
  readonly takenAtMs: number;
  readonly usage: Usage;
  readonly store: ImageStore;
}

/** Measures the disk. @throws DiskError */
export type MeasureUsage = (signal: AbortSignal) => Promise<Usage>;

/**
 * Two engine requests and one measurement.
 * @throws EngineError when the engine cannot be asked, DiskError when the path cannot be measured.
 */
export async function observe(engine: Engine, measure: MeasureUsage, signal: AbortSignal): Promise<Snapshot> {
  const store = await observeStore(engine, signal);
  return { takenAtMs: Date.now(), usage: await measure(signal), store };
}

/**
 * The store's images and containers. Images first: an image that a container starts to use between the two
 * requests is then seen as used; the other way round it would be taken for unused.
 * @throws EngineError
 */
export async function observeStore(engine: Engine, signal: AbortSignal): Promise<ImageStore> {
  const images = await engine.listImages(signal);
  const containers = await engine.listContainers(signal);
  return { images, containers, layers: new Map() };
}
