/** Whether the engine and the disk are there. Each failure is reported once, when it begins, and once when it is over. */
import { DiskError } from '../disk/filesystem/error.ts';
import { EngineError, type EngineInfo } from '../engine/engine.ts';
import type { Usage } from '../core/model/thresholds.ts';
import type { StopReason } from '../events/events.ts';
import type { DaemonOptions } from './options.ts';

export class Surroundings {
  readonly #options: DaemonOptions;
  /** Undefined until it was asked for the first time. */
  #isEngineThere: boolean | undefined;
  #isPathThere = true;
  /** The engine's information from the last connection; undefined before. */
  engineInfo: EngineInfo | undefined;

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  /**
   * Pings the engine, or connects to it and restores names that a killed cleaner had removed.
   * @throws EngineError; the signal's reason when stopped.
   */
  async reachEngine(): Promise<'as-before' | 'connected'> {
    const { engine, report, stop } = this.#options;
    if (this.#isEngineThere === true) {
      await engine.ping(stop);
      return 'as-before';
    }
    const info = await engine.connect(stop);
    this.#isEngineThere = true;
    const { endpoint, name, version, apiVersion } = info;
    report({ event: 'engine.connected', endpoint, name, version, apiVersion });
    this.engineInfo = info;
    await this.#options.removedNames?.restore(engine, stop);
    return 'connected';
  }

  /** How full the disk is. @throws DiskError; the signal's reason when stopped. */
  async usage(): Promise<Usage> {
    const { disk, report, stop } = this.#options;
    const usage = await disk.usage(stop);
    if (!this.#isPathThere) report({ event: 'path.available', path: disk.path });
    this.#isPathThere = true;
    return usage;
  }

  /** Remembered layers are only for speed, and one tree is not the disk: this stops nothing, but is reported. */
  tellProblems(): void {
    const { disk, report } = this.#options;
    const events = {
      lost: 'history.state-lost',
      unwritten: 'history.write-failed',
      'left-out': 'path.left-out',
    } as const;
    for (const { kind, path, message } of disk.takeProblems()) report({ event: events[kind], path, message });
  }

  /** A sweep reports on its own what it could not reach. */
  sweepEnded(because: StopReason): void {
    if (because === 'engine-unavailable') this.#isEngineThere = false;
    if (because === 'path-unavailable') this.#isPathThere = false;
  }

  /** Owns every failure of the surroundings. @throws anything else. */
  failed(error: unknown): 'stopped' | 'unavailable' {
    const { report, engine, disk, stop } = this.#options;
    if (stop.aborted) return 'stopped';
    if (error instanceof EngineError) {
      if (this.#isEngineThere !== false)
        report({ event: 'engine.unavailable', endpoint: engine.endpoint, message: error.message });
      this.#isEngineThere = false;
      return 'unavailable';
    }
    if (error instanceof DiskError) {
      if (this.#isPathThere) report({ event: 'path.unavailable', path: disk.path, message: error.message });
      this.#isPathThere = false;
      return 'unavailable';
    }
    throw error;
  }
}
