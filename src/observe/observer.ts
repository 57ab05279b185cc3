/**
 * The world as one plain snapshot: the disk's usage, and the engine's store with its layers, at about the same moment.
 * Changes nothing.
 */
import { type Clean, imagesOnly } from '../core/eligible/cache-and-containers.ts';
import type { SpaceByKind } from '../core/model/space-kinds.ts';
import type { ImageStore } from '../core/model/store.ts';
import type { Usage } from '../core/model/thresholds.ts';
import { DiskError } from '../disk/filesystem/error.ts';
import type { ImageDisk } from '../disk/image-disk.ts';
import { withLayers } from '../disk/layer-facts.ts';
import type { Engine } from '../engine/engine.ts';
import { withToldLayers } from './add-layers.ts';
import { withToldContainers } from './container-sizes.ts';
import { listStore } from './list-store.ts';

export interface Snapshot {
  readonly takenAtMs: number;
  readonly usage: Usage;
  readonly store: ImageStore;
  /** Where the layers' sizes are from, a sentence for people. */
  readonly layerSource: string;
}

/** A store with its layers, and where their sizes are from. */
export type StoreWithLayers = Pick<Snapshot, 'store' | 'layerSource'>;

/** Where the space of the filesystem is, or a sentence why that is unknown. */
export type SpaceAnswer = { readonly space: SpaceByKind } | { readonly problem: string };

/** Observes one engine and its disk. */
export class Observer {
  readonly #engine: Engine;
  readonly #disk: ImageDisk;
  readonly #clean: Clean;

  /** @param clean what may be deleted at all: nothing else is listed. */
  constructor(engine: Engine, disk: ImageDisk, clean: Clean = imagesOnly) {
    this.#engine = engine;
    this.#disk = disk;
    this.#clean = clean;
  }

  /**
   * Two engine requests and two measurements, and what `clean` and layers that the disk does not know need beside.
   * @throws EngineError when the engine cannot be asked, DiskError when the path cannot be measured.
   */
  async snapshot(signal: AbortSignal): Promise<Snapshot> {
    const { store, layerSource } = await this.storeWithLayers(signal);
    return { takenAtMs: Date.now(), usage: await this.#disk.usage(signal), store, layerSource };
  }

  /** The store without its layers, which suffices to decide what may be deleted. @throws EngineError */
  async store(signal: AbortSignal): Promise<ImageStore> {
    return await listStore(this.#engine, this.#disk, this.#clean, signal);
  }

  /**
   * The store with what the disk knows of the layers, read after the engine's lists: a layer that arrives in between
   * then belongs to no image, which is safe; the other way round an image would have missing layers. The engine is
   * asked about what the disk does not know, once per image and once per deletable stopped container.
   * @throws EngineError, DiskError
   */
  async storeWithLayers(signal: AbortSignal): Promise<StoreWithLayers> {
    const listed = await this.store(signal);
    const ids = listed.images.map(({ id }) => id);
    const facts = await this.#disk.layers(ids, signal);
    const measured = withLayers(listed, facts);
    const store = await withToldContainers(measured, this.#engine, this.#disk, this.#clean, signal);
    return await withToldLayers(store, facts.source, this.#engine, signal);
  }

  /** The account of the filesystem. Never throws for what may not be read: the rest of the snapshot is useful without it. */
  async space(store: ImageStore, signal: AbortSignal): Promise<SpaceAnswer> {
    try {
      return { space: await this.#disk.space(store, signal) };
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return { problem: error.message };
    }
  }
}
