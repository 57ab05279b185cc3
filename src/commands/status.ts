/**
 * `status`: the disk against the thresholds, where its space is, and every image: size, what is its own and what it
 * shares, age, names, and which container uses it.
 */
import type { Config } from '../config/config.ts';
import { FillRate, type Forecast, forecastText } from '../core/model/forecast.ts';
import { forestOf, type Forest } from '../core/forest/forest.ts';
import { formatBytes, formatCount, formatDuration } from '../core/model/format.ts';
import { printable } from '../core/model/printable.ts';
import { type Freed, shareOf } from '../core/forest/reclaim.ts';
import { type Container, holders, shortId } from '../core/model/store.ts';
import type { Thresholds } from '../core/model/thresholds.ts';
import { type WindowState, windowState } from '../core/model/window.ts';
import { EXIT } from '../cli/exit-status.ts';
import type { SpaceAnswer } from '../observe/observer.ts';
import { ageSeconds, bySize, statusJson } from '../surfaces/json/status.ts';
import { spaceText } from '../surfaces/terminal/space.ts';
import { gauges, table } from '../surfaces/terminal/terminal.ts';
import {
  diskOf,
  type Look,
  look,
  orUnavailable,
  type Output,
  printJson,
  sourceLines,
  windowLine,
} from './look.ts';
import { watch } from './watch.ts';

export async function status(config: Config, output: Output, signal: AbortSignal): Promise<number> {
  const disk = diskOf(config);
  const fillRate = await pastFillRate(config);
  const see = async (until: AbortSignal): Promise<Parameters<typeof statusText>> => {
    const seen = await look(config, until, disk);
    const answer = await seen.observer.space(seen.snapshot.store, until);
    fillRate.add(seen.snapshot.usage, seen.snapshot.takenAtMs);
    const { window } = config;
    const state = window && windowState(window, seen.snapshot.takenAtMs);
    return [seen, answer, forestOf(seen.snapshot.store), config.thresholds, fillRate.forecast(), state];
  };
  if (output === 'watch') return await watch(async (until) => statusText(...(await see(until))));
  return await orUnavailable(async () => {
    const all = await see(signal);
    if (output === 'json') printJson(statusJson(...all));
    else process.stdout.write(statusText(...all));
    return EXIT.done;
  });
}

/** What a daemon remembers of the disk, where it writes that down; `--watch` goes on from there. */
async function pastFillRate({ stateFile, pathToCheck }: Config): Promise<FillRate> {
  if (stateFile === undefined) return new FillRate();
  const { savedFillRate } = await import('../surfaces/http/state/activity-file.ts');
  return await savedFillRate(`${stateFile}.activity`, pathToCheck);
}

function statusText(
  seen: Look,
  answer: SpaceAnswer,
  forest: Forest,
  thresholds: Thresholds,
  forecast: Forecast | undefined,
  window?: WindowState,
): string {
  const { engine, snapshot } = seen;
  const held = holders(snapshot.store);
  return [
    printable(`${engine.name} ${engine.version} at ${engine.endpoint}, API ${engine.apiVersion}`),
    '',
    gauges(snapshot.usage, thresholds),
    ...(forecast === undefined ? [] : [forecastText(forecast)]),
    ...sourceLines(seen),
    ...windowLine(window),
    ...storeLine(engine),
    '',
    'space' in answer
      ? spaceText(answer.space)
      : `Where the space is cannot be told: ${printable(answer.problem)}`,
    '',
    table(
      ['IMAGE', 'ID', 'SIZE', 'UNIQUE', 'SHARED', 'AGE', 'USED BY'],
      bySize(snapshot.store.images).map((image) => {
        const age = ageSeconds(image, snapshot.takenAtMs);
        const { unique, shared } = shareOf(forest, image.id);
        return [
          [...image.tags, ...(image.tags.length === 0 ? image.digests : [])].join(', ') || '<none>',
          shortId(image.id),
          formatBytes(image.sizeBytes),
          amountText(unique),
          amountText(shared),
          age === undefined ? '?' : formatDuration(age),
          usedBy(held.get(image.id)),
        ];
      }),
      [2, 3, 4, 5],
    ),
    '',
  ].join('\n');
}

/** The engine's own figure, next to the filesystem's. */
function storeLine({ storeUsage }: Look['engine']): readonly string[] {
  if (storeUsage === undefined) return [];
  const { bytes, inodes } = storeUsage;
  return [`the engine says of its layers: ${formatBytes(bytes)} in ${formatCount(inodes, 'inode')}`];
}

/** An estimate is marked. */
function amountText({ bytes, exact }: Freed): string {
  return `${exact ? '' : '~'}${formatBytes(bytes)}`;
}

function usedBy(containers: readonly Container[] = []): string {
  return containers.map(({ name, state }) => (state === 'running' ? name : `${name} (${state})`)).join(', ');
}
