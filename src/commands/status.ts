/**
 * `status`: the disk against the thresholds, where its space is, and every image: size, what is its own and what it
 * shares, age, names, and which container uses it.
 */
import type { Config } from '../config/config.ts';
import { forestOf, type Forest } from '../core/forest.ts';
import { formatBytes, formatCount, formatDuration } from '../core/format.ts';
import { shortId } from '../core/protection.ts';
import { type Freed, shareOf } from '../core/space.ts';
import { type Container, holders } from '../core/store.ts';
import { EXIT } from '../exit-status.ts';
import { type SpaceAnswer, spaceAnswer } from '../observe.ts';
import { ageSeconds, bySize, statusJson } from '../surfaces/json/status.ts';
import { spaceText } from '../surfaces/space.ts';
import { gauges, table } from '../surfaces/terminal.ts';
import { type Look, look, orUnavailable, printJson, sourceLines } from './look.ts';

export async function status(config: Config, json: boolean, signal: AbortSignal): Promise<number> {
  return await orUnavailable(async () => {
    const seen = await look(config, signal);
    const answer = await spaceAnswer(seen.disk, seen.snapshot.store, signal);
    const forest = forestOf(seen.snapshot.store);
    if (json) printJson(statusJson(seen, answer, forest, config.thresholds));
    else process.stdout.write(statusText(seen, answer, forest, config));
    return EXIT.done;
  });
}

function statusText(seen: Look, answer: SpaceAnswer, forest: Forest, config: Config): string {
  const { engine, snapshot } = seen;
  const held = holders(snapshot.store);
  return [
    `${engine.name} ${engine.version} at ${engine.endpoint}, API ${engine.apiVersion}`,
    '',
    gauges(snapshot.usage, config.thresholds),
    ...sourceLines(seen),
    ...storeLine(engine),
    '',
    'space' in answer ? spaceText(answer.space) : `Where the space is cannot be told: ${answer.problem}`,
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
