/** What `plan` and `status` share: one look at the world that changes nothing. */
import type { Config } from '../../config/config.ts';
import type { Thresholds } from '../../core/model/thresholds.ts';
import { DiskElsewhere } from '../../disk/disk-elsewhere.ts';
import { ImageDisk } from '../../disk/image-disk.ts';
import { describeAddress } from '../../engine/address.ts';
import { createEngine } from '../../engine/connect/create.ts';
import { EngineError } from '../../engine/engine.ts';
import { imagesBytes } from '../../engine/images-bytes.ts';
import { DiskError } from '../../disk/filesystem/error.ts';
import { printableJson } from '../../core/model/printable.ts';
import { EXIT } from '../../cli/exit-status.ts';
import { complain } from './messages.ts';
import { Observer } from '../../observe/observer.ts';
import type { Look as Seen } from '../../surfaces/json/look.ts';

export type { Seen };

export interface Look extends Seen {
  readonly observer: Observer;
}

/**
 * Connects, measures and lists once.
 * @param disk with what was measured before, for repeated calls.
 * @throws EngineError, DiskError
 */
export async function look(config: Config, signal: AbortSignal, disk = diskOf(config)): Promise<Look> {
  const engine = await createEngine(config);
  disk.countImagesBy((until) => imagesBytes(engine, until));
  const info = await engine.connect(signal);
  const observer = new Observer(engine, disk, config.clean);
  const snapshot = await observer.snapshot(signal);
  const images = snapshot.store.images.map((image) => image.id);
  return { engine: info, snapshot, observer, dataRoot: await disk.checkPlace(info, images, signal) };
}

/** Remembers layers that were measured, so that looking again is cheap. @param stateFile where it keeps them. */
export function diskOf(
  { pathToCheck, thresholds, elsewhere, target }: Config,
  stateFile?: string,
): ImageDisk {
  if (elsewhere !== undefined && target.kind === 'docker')
    return new DiskElsewhere(describeAddress(target.address), thresholds.type, elsewhere);
  return new ImageDisk(pathToCheck, thresholds.type, stateFile);
}

/**
 * The thresholds of a view. How full a disk elsewhere is, is unknown: then everything deletable is shown: `high` is
 * never reached and nothing is below `low`.
 */
export function thresholdsOf({ thresholds, elsewhere }: Config): Thresholds {
  return elsewhere === undefined || thresholds.type === 'images' ? thresholds : everything;
}

const everything: Thresholds = { type: 'images', high: Number.MAX_SAFE_INTEGER, low: 0 };

/** Whether the thresholds are not set by the user. */
export function isAboutEverything(thresholds: Thresholds): boolean {
  return thresholds === everything;
}

/** Runs a command's body; an unreachable engine or path becomes one line on standard error and exit status 1. */
export async function orUnavailable(body: () => Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof EngineError || error instanceof DiskError)) throw error;
    complain(error.message);
    return EXIT.unavailable;
  }
}

/** Prints JSON to standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}
