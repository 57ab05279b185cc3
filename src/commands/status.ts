/** `status`: the disk against the thresholds, and every image: size, age, names, and which container uses it. */
import type { Config } from '../config/config.ts';
import { formatBytes, formatDuration } from '../core/format.ts';
import { shortId } from '../core/protection.ts';
import { type Container, holders, type Image } from '../core/store.ts';
import { isTriggered } from '../core/thresholds.ts';
import { EXIT } from '../exit-status.ts';
import { gauges, table } from '../surfaces/terminal.ts';
import { type Look, look, orUnavailable, printJson, usageJson } from './look.ts';

export async function status(config: Config, json: boolean, signal: AbortSignal): Promise<number> {
  return await orUnavailable(async () => {
    const seen = await look(config, signal);
    if (json) printJson(statusJson(seen, config));
    else process.stdout.write(statusText(seen, config));
    return EXIT.done;
  });
}

function statusJson({ engine, snapshot }: Look, config: Config) {
  const held = holders(snapshot.store);
  return {
    engine,
    usage: usageJson(snapshot.usage, config.thresholds.type),
    thresholds: config.thresholds,
    triggered: isTriggered(snapshot.usage, config.thresholds),
    images: bySize(snapshot.store.images).map((image) => ({
      id: image.id,
      tags: image.tags,
      digests: image.digests,
      parentId: image.parentId ?? null,
      sizeBytes: image.sizeBytes,
      createdAt: image.createdAtMs === undefined ? null : new Date(image.createdAtMs).toISOString(),
      ageSeconds: ageSeconds(image, snapshot.takenAtMs) ?? null,
      inUse: held.has(image.id),
      usedBy: (held.get(image.id) ?? []).map(({ id, name, state }) => ({ id, name, state })),
    })),
  };
}

function statusText({ engine, snapshot }: Look, config: Config): string {
  const held = holders(snapshot.store);
  return [
    `${engine.name} ${engine.version} at ${engine.endpoint}, API ${engine.apiVersion}`,
    '',
    gauges(snapshot.usage, config.thresholds),
    '',
    table(
      ['IMAGE', 'ID', 'SIZE', 'AGE', 'USED BY'],
      bySize(snapshot.store.images).map((image) => {
        const age = ageSeconds(image, snapshot.takenAtMs);
        return [
          [...image.tags, ...(image.tags.length === 0 ? image.digests : [])].join(', ') || '<none>',
          shortId(image.id),
          formatBytes(image.sizeBytes),
          age === undefined ? '?' : formatDuration(age),
          usedBy(held.get(image.id)),
        ];
      }),
      [2, 3],
    ),
    '',
  ].join('\n');
}

function usedBy(containers: readonly Container[] = []): string {
  return containers.map(({ name, state }) => (state === 'running' ? name : `${name} (${state})`)).join(', ');
}

function bySize(images: readonly Image[]): readonly Image[] {
  return [...images].sort((a, b) => b.sizeBytes - a.sizeBytes || (a.id < b.id ? -1 : 1));
}

function ageSeconds(image: Image, nowMs: number): number | undefined {
  return image.createdAtMs === undefined ? undefined : Math.max(0, (nowMs - image.createdAtMs) / 1000);
}
