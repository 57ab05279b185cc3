/** What a sweep has to choose from: as long as that is the same, so is what it can do. */
import { type Clean, sortOutCleanable } from './cache-and-containers.ts';
import { sortOut } from './images.ts';
import type { Protections } from './rules.ts';
import { type ImageStore, references } from '../model/store.ts';

/** All that may go, images with their names; for comparing only. */
export function fingerprintOf(
  store: ImageStore,
  {
    protections,
    clean,
    nowMs,
    refused,
  }: {
    readonly protections: Protections;
    readonly clean: Clean;
    readonly nowMs: number;
    /** What is not to be tried now. */
    readonly refused: ReadonlyMap<string, string>;
  },
): string {
  const others = sortOutCleanable(store, clean, nowMs, refused).units.map(({ id }) => id);
  const leaving = new Set(others);
  const containers = store.containers.filter(({ id }) => !leaving.has(id));
  const { candidates } = sortOut({ ...store, containers }, refused, { ...protections, nowMs });
  const images = candidates.map((image) => [image.id, ...references(image)].join(' '));
  return [...(clean.images ? images : []), ...others].sort().join('\n');
}
