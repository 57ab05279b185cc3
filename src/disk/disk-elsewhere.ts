/**
 * The disk of an engine on another machine: nothing of it can be measured, so only the engine's figures are
 * available.
 */
import type { ImageId } from '../core/model/store.ts';
import type { ThresholdType, Usage } from '../core/model/thresholds.ts';
import type { DataRootFinding } from './data-root.ts';
import { DiskError } from './filesystem/error.ts';
import { ImageDisk } from './image-disk.ts';
import { type LayerFacts, toldByEngine } from './layer-facts.ts';
import type { SpaceByKind } from './account/space-by-kind.ts';

export class DiskElsewhere extends ImageDisk {
  readonly #why: string;

  /** @param why a sentence for people: where it is, and what cannot be known. */
  constructor(endpoint: string, type: ThresholdType, why: string) {
    super(endpoint, type);
    this.#why = why;
  }

  override gauges(): Promise<Usage> {
    const bytes = { total: 0, available: 0 };
    return Promise.resolve({ path: this.path, bytes, inodes: undefined, allocated: undefined });
  }

  override freesLate(): Promise<boolean> {
    return Promise.resolve(false);
  }

  override sharesCopies(): Promise<boolean> {
    return Promise.resolve(false);
  }

  override appeared(): Promise<ReadonlyMap<ImageId, number>> {
    return Promise.resolve(new Map());
  }

  override layers(): Promise<LayerFacts> {
    return Promise.resolve(toldByEngine(this.#why));
  }

  override space(): Promise<SpaceByKind> {
    return Promise.reject(new DiskError('missing', this.path, `${this.#why}.`));
  }

  override checkPlace(): Promise<DataRootFinding | undefined> {
    return Promise.resolve(undefined);
  }
}
