/**
 * `status`: the disk against the thresholds, where its space is, and every image: size, what is its own and what it
 * shares, age, names, and which container uses it.
 */
import type { Config } from '../config/config.ts';
import { forestOf, type Forest } from '../core/forest.ts';
import { formatBytes, formatDuration } from '../core/format.ts';
import { shortId } from '../core/protection.ts';
import { type Freed, shareOf } from '../core/space.ts';
import type { SpaceByKind } from '../core/space-kinds.ts';
import { type Container, holders, type Image } from '../core/store.ts';
import { isTriggered } from '../core/thresholds.ts';
import { DiskError } from '../disk/error.ts';
import { EXIT } from '../exit-status.ts';
import { spaceText } from '../surfaces/space.ts';
import { gauges, table } from '../surfaces/terminal.ts';
import { type Look, look, orUnavailable, printJson, sourceJson, sourceLines, usageJson } from './look.ts';

/** The account of the filesystem, or a sentence why there is none. */
type SpaceAnswer = { readonly space: SpaceByKind } | { readonly problem: string };

export async function status(config: Config, json: boolean, signal: AbortSignal): Promise<number> {
  return await orUnavailable(async () => {
    const seen = await look(config, signal);
    const answer = await accountOf(seen, signal);
    const forest = forestOf(seen.snapshot.store);
    if (json) printJson(statusJson(seen, answer, forest, config));
    else process.stdout.write(statusText(seen, answer, forest, config));
    return EXIT.done;
  });
}

/** Never throws for what may not be read: the rest of the status is worth having without it. */
async function accountOf({ disk, snapshot }: Look, signal: AbortSignal): Promise<SpaceAnswer> {
  try {
    return { space: await disk.space(snapshot.store, signal) };
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    return { problem: error.message };
  }
}

function statusJson(seen: Look, answer: SpaceAnswer, forest: Forest, config: Config) {
  const { engine, snapshot } = seen;
  const held = holders(snapshot.store);
  return {
    engine,
    usage: usageJson(snapshot.usage, config.thresholds.type),
    thresholds: config.thresholds,
    triggered: isTriggered(snapshot.usage, config.thresholds),
    ...sourceJson(seen),
    space: 'space' in answer ? answer.space : null,
    spaceProblem: 'problem' in answer ? answer.problem : null,
    images: bySize(snapshot.store.images).map((image) => {
      const { unique, shared } = shareOf(forest, image.id);
      return {
        id: image.id,
        tags: image.tags,
        digests: image.digests,
        parentId: image.parentId ?? null,
        sizeBytes: image.sizeBytes,
        uniqueBytes: unique.bytes,
        uniqueInodes: unique.inodes,
        sharedBytes: shared.bytes,
        sharedInodes: shared.inodes,
        exact: unique.exact && shared.exact,
        createdAt: isoTime(image.createdAtMs),
        appearedAt: isoTime(image.appearedAtMs),
        ageSeconds: ageSeconds(image, snapshot.takenAtMs) ?? null,
        inUse: held.has(image.id),
        usedBy: (held.get(image.id) ?? []).map(({ id, name, state }) => ({ id, name, state })),
      };
    }),
  };
}

function statusText(seen: Look, answer: SpaceAnswer, forest: Forest, config: Config): string {
  const { engine, snapshot } = seen;
  const held = holders(snapshot.store);
  return [
    `${engine.name} ${engine.version} at ${engine.endpoint}, API ${engine.apiVersion}`,
    '',
    gauges(snapshot.usage, config.thresholds),
    ...sourceLines(seen),
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

/** An estimate is marked. */
function amountText({ bytes, exact }: Freed): string {
  return `${exact ? '' : '~'}${formatBytes(bytes)}`;
}

function usedBy(containers: readonly Container[] = []): string {
  return containers.map(({ name, state }) => (state === 'running' ? name : `${name} (${state})`)).join(', ');
}

function bySize(images: readonly Image[]): readonly Image[] {
  return [...images].sort((a, b) => b.sizeBytes - a.sizeBytes || (a.id < b.id ? -1 : 1));
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function ageSeconds(image: Image, nowMs: number): number | undefined {
  return image.createdAtMs === undefined ? undefined : Math.max(0, (nowMs - image.createdAtMs) / 1000);
}
