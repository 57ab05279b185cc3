/** What the engine keeps of a layer beside the layer's own folder. */
import { readFileSync } from 'node:fs';
import type { ChainId } from '../../core/model/store.ts';
import type { Amount } from '../../core/model/thresholds.ts';
import { errnoOf } from '../../system/errno.ts';
import { isGone, unreadablePath } from '../filesystem/error.ts';
import type { LayerDatabase } from '../stores/store.ts';
import { look, readNames } from '../walk/listings.ts';

/**
 * What a layer takes outside its folder: its entry in the layer database and its short name.
 * @throws DiskError when something may not be read.
 */
export function recordedElsewhere(
  database: LayerDatabase,
  chainId: ChainId | undefined,
  link: string | undefined,
): Amount {
  const paths: string[] = [];
  if (database.layout === 'docker' && chainId !== undefined) {
    const entry = `${database.root}/image/${database.driver}/layerdb/sha256/${chainId.slice(7)}`;
    paths.push(entry, ...readNames(entry).map((name) => `${entry}/${name}`));
  }
  if (link !== undefined) paths.push(`${database.layersFolder}/l/${link}`);
  const found = paths.flatMap((path) => look(path) ?? []);
  return { bytes: found.reduce((sum, stats) => sum + stats.blocks * 512, 0), inodes: found.length };
}

/** The short name of a layer's folder in `l/`; undefined where it has none. @throws DiskError when it may not be read. */
export function linkOf(path: string): string | undefined {
  try {
    return readFileSync(`${path}/link`, 'latin1').trim() || undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw unreadablePath(`${path}/link`, errnoOf(error), error);
  }
}
