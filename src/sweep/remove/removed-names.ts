/**
 * The names that were removed from an image whose deletion is not finished. Recorded before the first is removed, so
 * that a killed cleaner's next run restores them: a kept image must not lose a name.
 */
import * as v from 'valibot';
import type { ImageId } from '../../core/model/store.ts';
import { type Engine, EngineError } from '../../engine/engine.ts';
import { readStateFile, writeStateFile } from '../../system/state-file.ts';

const shape = v.object({ removed: v.record(v.string(), v.array(v.string())) });

export interface RemovedNamesOptions {
  readonly path: string;
  readonly onRestored: (id: ImageId, names: readonly string[]) => void;
  /** The file cannot be written, as on a full disk: the deletion continues without it. */
  readonly onUnwritten: (path: string, message: string) => void;
  /** The file, or a name in it, is there and cannot be used. */
  readonly onLost: (path: string, message: string) => void;
}

/** One for one process; there is one deletion at a time. */
export class RemovedNames {
  readonly #options: RemovedNamesOptions;
  #isWritten = false;
  #isUnwritable = false;

  constructor(options: RemovedNamesOptions) {
    this.#options = options;
  }

  /** These names of an image are removed, or will be now. */
  async note(id: ImageId, names: readonly string[]): Promise<void> {
    await this.#write({ [id]: names });
    this.#isWritten = true;
  }

  /** The deletion is finished: the image is gone, or has its names again. */
  async forget(): Promise<void> {
    if (!this.#isWritten) return;
    await this.#write({});
    this.#isWritten = false;
  }

  /**
   * Restores names that an earlier run removed, where the image still exists and no other image has the name.
   * @throws EngineError when the engine cannot be asked: to be tried again.
   */
  async restore(engine: Engine, signal: AbortSignal): Promise<void> {
    const { path, onLost, onRestored } = this.#options;
    const found = await readStateFile(path);
    if (found === undefined) return;
    const parsed = 'value' in found ? v.safeParse(shape, found.value) : undefined;
    if (parsed?.success !== true) {
      onLost(path, 'damaged' in found ? found.damaged : `${path} is not a list of removed names.`);
      await this.#write({});
      return;
    }
    for (const [id, names] of Object.entries(parsed.output.removed)) {
      const restored: string[] = [];
      for (const name of names) {
        if ((await engine.inspectImage(id, signal)) === undefined) break;
        // Only a pull creates digests; a name that another image has now is left alone.
        if (name.includes('@') || (await engine.inspectImage(name, signal)) !== undefined) continue;
        try {
          await engine.tagImage(id, name, signal);
          restored.push(name);
        } catch (error) {
          if (!(error instanceof EngineError) || error.code !== 'failed') throw error;
          onLost(
            path,
            `${name} could not be restored, which "docker tag ${id} ${name}" would do: ${error.message}`,
          );
        }
      }
      if (restored.length > 0) onRestored(id, restored);
    }
    if (Object.keys(parsed.output.removed).length > 0) await this.#write({});
  }

  async #write(removed: Readonly<Record<string, readonly string[]>>): Promise<void> {
    const { path, onUnwritten } = this.#options;
    try {
      await writeStateFile(path, { removed });
      this.#isUnwritable = false;
    } catch (error) {
      if (!this.#isUnwritable) onUnwritten(path, error instanceof Error ? error.message : String(error));
      this.#isUnwritable = true;
    }
  }
}
