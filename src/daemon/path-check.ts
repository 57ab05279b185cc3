/** Whether the disk that is watched is the one under the engine, and whether a sweep could help there. */
import type { Image } from '../core/model/store.ts';
import type { DataRootFinding } from '../disk/data-root.ts';
import type { EngineInfo } from '../engine/engine.ts';
import type { DaemonOptions } from './options.ts';

type PathCheckOptions = Pick<DaemonOptions, 'disk' | 'report' | 'sweepOtherFilesystem' | 'stop'>;

export class PathCheck {
  readonly #options: PathCheckOptions;
  #finding: DataRootFinding | undefined;
  #isSettled = false;

  constructor(options: PathCheckOptions) {
    this.#options = options;
  }

  /** Why the path may be wrong; undefined while it seems right. */
  get finding(): DataRootFinding | undefined {
    return this.#finding;
  }

  /** An engine with images has shown where they are. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /**
   * Checks until it is settled; findings are reported when they change. An engine without images proves nothing yet.
   */
  async look(engine: EngineInfo, images: readonly Image[]): Promise<void> {
    if (!this.#isSettled) await this.#look(engine, images);
  }

  /**
   * Why no sweep could free space here; undefined where one may. Checks again each time there is a reason: the right
   * disk may have been mounted meanwhile.
   * @param list the engine's images. @throws EngineError as that does.
   */
  async whyNoSweep(
    engine: EngineInfo | undefined,
    list: () => Promise<readonly Image[]>,
  ): Promise<string | undefined> {
    if (this.#isElsewhere() && engine !== undefined) await this.#look(engine, await list());
    return this.#isElsewhere() && this.#finding !== undefined
      ? `deleting images cannot free space here: ${this.#finding.message} (SWEEP_OTHER_FILESYSTEM sweeps anyway)`
      : undefined;
  }

  #isElsewhere(): boolean {
    return this.#finding?.code === 'another-filesystem' && this.#options.sweepOtherFilesystem !== true;
  }

  async #look(engine: EngineInfo, images: readonly Image[]): Promise<void> {
    const { disk, report, stop } = this.#options;
    const ids = images.map((image) => image.id);
    const finding = await disk.checkPlace(engine, ids, stop);
    if (finding !== undefined && finding.message !== this.#finding?.message)
      report({ event: 'config.warning', message: finding.message });
    this.#finding = finding;
    this.#isSettled = finding !== undefined || images.length > 0;
  }
}
