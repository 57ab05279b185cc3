/** What `plan` and `status` share: one look at the world that changes nothing. */
import type { Config } from '../config/config.ts';
import { ImageDisk } from '../disk/image-disk.ts';
import { createEngine } from '../engine/connect/create.ts';
import { EngineError } from '../engine/engine.ts';
import { DiskError } from '../disk/filesystem/error.ts';
import { printable, printableJson } from '../core/model/printable.ts';
import { describeWindow, type WindowState } from '../core/model/window.ts';
import { EXIT } from '../cli/exit-status.ts';
import { Observer } from '../observe/observer.ts';
import type { Look as Seen } from '../surfaces/json/look.ts';

export interface Look extends Seen {
  readonly observer: Observer;
}

/**
 * Connects, measures and lists once.
 * @param disk what was measured before, for who looks again.
 * @throws EngineError, DiskError
 */
export async function look(config: Config, signal: AbortSignal, disk = diskOf(config)): Promise<Look> {
  const engine = await createEngine(config);
  const info = await engine.connect(signal);
  const observer = new Observer(engine, disk, config.clean);
  const snapshot = await observer.snapshot(signal);
  const images = snapshot.store.images.map((image) => image.id);
  return { engine: info, snapshot, observer, dataRoot: await disk.checkPlace(info, images, signal) };
}

/** Remembers layers that were measured, so that looking again is cheap. */
export function diskOf({ pathToCheck, thresholds }: Config): ImageDisk {
  return new ImageDisk(pathToCheck, thresholds.type);
}

/** How a command shows what it sees. */
export type Output = 'text' | 'json' | 'watch';

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

/** Where the sizes of layers are from, and whether the path is the right one, as both commands tell it for people. */
export function sourceLines({ snapshot, dataRoot }: Look): readonly string[] {
  return [
    `layer sizes: ${printable(snapshot.layerSource)}`,
    ...(dataRoot === undefined ? [] : [`warning: ${printable(dataRoot.message)}`]),
  ];
}

/** Whether sweeps may begin now, where that is limited. */
export function windowLine(window: WindowState | undefined): readonly string[] {
  if (window === undefined) return [];
  const means = window.open ? 'sweeps may begin' : 'sweeps begin only at the critical threshold';
  return [`window: ${describeWindow(window)}: ${means}`];
}

/** Prints JSON to standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}

/** One line on standard error, for a person. */
export function complain(message: string): void {
  process.stderr.write(`docker-image-cleaner: ${printable(message, 4000)}\n`);
}
