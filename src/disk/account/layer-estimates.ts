/** How large layers are that were not measured yet, by what the engine recorded of their files. */
import type { Stats } from 'node:fs';
import type { Amount } from '../../core/model/thresholds.ts';
import { estimateFromTarSplit } from '../stores/tar-split.ts';

/** One for a store: each layer is estimated once. */
export class LayerEstimates {
  readonly #known = new Map<string, Amount>();

  /**
   * @param stats of its folder.
   * @throws the signal's reason when aborted.
   */
  async of(
    name: string,
    layer: { readonly sizeBytes: number; readonly tarSplitPath: string | undefined },
    stats: Stats,
    signal: AbortSignal,
  ): Promise<Amount> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const listed =
      layer.tarSplitPath === undefined
        ? undefined
        : await estimateFromTarSplit(layer.tarSplitPath, stats.blksize, signal);
    const estimate = listed ?? { bytes: layer.sizeBytes, inodes: 0 };
    this.#known.set(name, estimate);
    return estimate;
  }
}
