/** What `plan` and `status` share: one look at the world that changes nothing. */
import type { Config } from '../config/config.ts';
import { ImageDisk } from '../disk/image-disk.ts';
import { createEngine } from '../engine/create.ts';
import { EngineError } from '../engine/engine.ts';
import { DiskError } from '../disk/error.ts';
import { EXIT } from '../exit-status.ts';
import { observe } from '../observe.ts';
import type { Look as Seen } from '../surfaces/json/look.ts';

export interface Look extends Seen {
  readonly disk: ImageDisk;
}

/**
 * Connects, measures and lists once.
 * @throws EngineError, DiskError
 */
export async function look(config: Config, signal: AbortSignal): Promise<Look> {
  const engine = await createEngine(config);
  const info = await engine.connect(signal);
  const disk = new ImageDisk(config.pathToCheck, config.thresholds.type);
  const snapshot = await observe(engine, disk, signal, config.clean);
  const images = snapshot.store.images.map((image) => image.id);
  return { engine: info, snapshot, disk, dataRoot: await disk.checkPlace(info, images, signal) };
}

/** Runs a command's body; an unreachable engine or path becomes one line on standard error and exit status 1. */
export async function orUnavailable(body: () => Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof EngineError || error instanceof DiskError)) throw error;
    process.stderr.write(`docker-image-cleaner: ${error.message}\n`);
    return EXIT.unavailable;
  }
}

/** Where the sizes of layers are from, and whether the path is the right one, as both commands tell it for people. */
export function sourceLines({ snapshot, dataRoot }: Look): readonly string[] {
  return [
    `layer sizes: ${snapshot.layerSource}`,
    ...(dataRoot === undefined ? [] : [`warning: ${dataRoot.message}`]),
  ];
}

/** Prints JSON to standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
