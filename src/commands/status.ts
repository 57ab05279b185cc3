/**
 * `status`: the disk against the thresholds, where its space is, and every image: size, what is its own and what it
 * shares, age, names, and which container uses it.
 */
import type { Config } from '../config/config.ts';
import { FillRate, forecastText } from '../core/model/forecast.ts';
import { forestOf } from '../core/forest/forest.ts';
import { formatBytes, formatCount, formatDuration } from '../core/model/format.ts';
import { printable } from '../core/model/printable.ts';
import { type Freed, shareOf } from '../core/forest/reclaim.ts';
import { type Container, holders, shortId } from '../core/model/store.ts';
import type { EngineInfo } from '../engine/engine.ts';
import { EXIT } from '../cli/exit-status.ts';
import { ageSeconds, bySize, statusJson } from '../surfaces/json/status.ts';
import { spaceText } from '../surfaces/terminal/space.ts';
import { gauges, table } from '../surfaces/terminal/terminal.ts';
import {
  diskOf,
  engineLine,
  look,
  orUnavailable,
  type Output,
  printJson,
  sourceLines,
  thresholdsOf,
} from './look.ts';
import { watch } from './watch.ts';

export async function status(given: Config, output: Output, signal: AbortSignal): Promise<number> {
  const config = { ...given, thresholds: thresholdsOf(given) };
  const disk = diskOf(config);
  const fillRate = await pastFillRate(config);
  const see = async (until: AbortSignal): Promise<Parameters<typeof statusJson>> => {
    const seen = await look(config, until, disk);
    const answer = await seen.observer.space(seen.snapshot.store, until);
    fillRate.add(seen.snapshot.usage, seen.snapshot.takenAtMs);
    return [seen, answer, forestOf(seen.snapshot.store), config.thresholds, fillRate.forecast()];
  };
  if (output === 'watch') return await watch(async (until) => statusText(config, ...(await see(until))));
  return await orUnavailable(async () => {
    const all = await see(signal);
    if (output === 'json') printJson(statusJson(...all));
    else process.stdout.write(statusText(config, ...all));
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
  config: Config,
  ...[seen, answer, forest, thresholds, forecast]: Parameters<typeof statusJson>
): string {
  const { engine, snapshot } = seen;
  const held = holders(snapshot.store);
  return [
    engineLine(engine, config),
    '',
    gauges(snapshot.usage, thresholds),
    ...(forecast === undefined ? [] : [forecastText(forecast)]),
    ...sourceLines(seen),
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
function storeLine({ storeUsage }: EngineInfo): readonly string[] {
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
