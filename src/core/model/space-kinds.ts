/** "Where is my space?": the kinds that every byte of a filesystem is sorted into. */
import type { Amount } from './thresholds.ts';

/**
 * `leftovers`: folders of layers, containers or builds that nothing refers to any more, those of a storage driver that is
 * used no more, old temporary files. `beingWritten`: a pull or build
 * under way. `engine`: the engine's own files. `notTheEngines`: everything on the filesystem that is not below the path.
 * `unknown`: below the path, where the store could not be read. `reserved`: free, but for root only.
 */
export const spaceKinds = [
  'imagesInUse',
  'imagesUnused',
  'buildCache',
  'containerLayers',
  'containerLogs',
  'volumesInUse',
  'volumesUnused',
  'leftovers',
  'beingWritten',
  'engine',
  'unknown',
  'notTheEngines',
  'reserved',
  'available',
] as const;
export type SpaceKind = (typeof spaceKinds)[number];

export interface SpaceByKind {
  readonly path: string;
  /** The filesystem's size; `inodes` 0 where it has no inode count. */
  readonly total: Amount;
  /** Every kind; sums to the total. */
  readonly parts: Readonly<Record<SpaceKind, Amount>>;
  /** The folders that nothing refers to, absolute. */
  readonly leftovers: readonly string[];
  /** The volumes that no container mounts, by name. */
  readonly unusedVolumes: readonly string[];
}
