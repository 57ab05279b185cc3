/** What a sweep has to choose from: as long as that is the same, so is what it can do. */
import { type Clean, sortOutCleanable } from './clean.ts';
import { sortOut } from './protection.ts';
import type { Protections } from './protections.ts';
import { type ImageStore, references } from './store.ts';

/** All that may go, images with their names; for comparing only. */
export function choiceIn(
  store: ImageStore,
  {
    protections,
    clean,
    nowMs,
  }: { readonly protections: Protections; readonly clean: Clean; readonly nowMs: number },
): string {
  const others = sortOutCleanable(store, clean, nowMs).units.map(({ id }) => id);
  const leaving = new Set(others);
  const containers = store.containers.filter(({ id }) => !leaving.has(id));
  const { candidates } = sortOut({ ...store, containers }, undefined, { ...protections, nowMs });
  const images = candidates.map((image) => [image.id, ...references(image)].join(' '));
  return [...(clean.images ? images : []), ...others].sort().join('\n');
}
