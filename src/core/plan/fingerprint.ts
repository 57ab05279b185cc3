/** What a sweep has to choose from: as long as that is the same, so is what it can do. */
import type { Eligibility } from './eligibility.ts';
import { references } from '../model/store.ts';

/** Everything deletable, images with their names; for comparing only. */
export function fingerprintOf({ images, others }: Eligibility): string {
  const named = images.map((image) => [image.id, ...references(image)].join(' '));
  return [...named, ...others.map(({ id }) => id)].sort().join('\n');
}
