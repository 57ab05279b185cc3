/** Whose the folders in the layers folder are that belong to no image. */
import type { LayerDatabase } from '../stores/store.ts';
import { lstat, readFile, stat } from 'node:fs/promises';
import { unlessGone } from '../filesystem/error.ts';
import type { MeasuredFolder } from './layer-folders.ts';
import { Slices } from '../walk/slices.ts';

/** `nobody`: nothing refers to it, and it is too old to be in the making. */
export type FolderOwner = 'container' | 'build-cache' | 'writing' | 'nobody';

/** Younger folders may be in the making. */
const inTheMakingMs = 3600_000;
/** BuildKit's databases are read to this size; larger ones are believed to name everything. */
const maxDatabaseBytes = 256 * 1024 * 1024;

/**
 * The owners by the folder's name. BuildKit names its snapshots' folders in `buildkit/snapshots.db` (bbolt, keys and
 * values in clear); the name need only occur, so what the database has freed but not overwritten still counts as
 * build cache: nothing is called a leftover in error.
 * @param folders those that belong to no image.
 * @throws DiskError when a database may not be read; the signal's reason when aborted.
 */
export async function ownersOf(
  database: LayerDatabase,
  folders: readonly MeasuredFolder[],
  nowMs: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FolderOwner>> {
  const slices = new Slices(signal);
  const owners = new Map<string, FolderOwner>();
  const containerFolders = new Set(
    [...database.containers.values()].flatMap((container) => container.folders),
  );
  const builds = await buildDatabases(`${database.root}/buildkit`, signal);
  for (const { name, chainId } of folders) {
    if (slices.isOver) await slices.rest();
    if (containerFolders.has(name)) owners.set(name, 'container');
    else if (
      builds === 'too-large' ||
      builds.some((text) => text.includes(name) || text.includes(chainId ?? name))
    ) {
      owners.set(name, 'build-cache');
    } else {
      const path = `${database.layersFolder}/${name}`;
      const stats = await unlessGone(path, lstat(path));
      const isYoung = stats === undefined || stats.ctimeMs + inTheMakingMs > nowMs;
      owners.set(name, isYoung ? 'writing' : 'nobody');
    }
  }
  return owners;
}

async function buildDatabases(folder: string, signal: AbortSignal): Promise<readonly Buffer[] | 'too-large'> {
  const found: Buffer[] = [];
  for (const name of ['snapshots.db', 'metadata_v2.db', 'containerdmeta.db']) {
    const path = `${folder}/${name}`;
    if (((await unlessGone(path, stat(path)))?.size ?? 0) > maxDatabaseBytes) return 'too-large';
    const content = await unlessGone(path, readFile(path, { signal }));
    if (content !== undefined) found.push(content);
  }
  return found;
}
