/**
 * Which filesystem holds the layers below a path: a disk of their own may be mounted on a folder inside of it (`overlay2`, a
 * snapshotter's folder). Deleting images moves that one's gauge and no other.
 */
import { stat, statfs } from 'node:fs/promises';
import { namesIn } from './stores/store-files.ts';

/** Folders of layers in a containerd root: `io.containerd.snapshotter.v1.<name>`. */
const snapshotterFolder = /^io\.containerd\.snapshotter\.v1\./;

/**
 * The folder to be gauged: the path itself, or the layers' folder where that is on another filesystem. Looks at the names
 * directly below the path only.
 * @param layersFolder where the engine's own records say that the layers are; undefined where no records can be read.
 */
export async function gaugedFolder(path: string, layersFolder: string | undefined): Promise<string> {
  const own = await deviceOf(path);
  if (own === undefined) return path;
  for (const folder of layersFolder === undefined ? await snapshotters(path) : [layersFolder]) {
    const device = await deviceOf(folder);
    if (device !== undefined && device !== own && !(await isSubvolume(path, folder))) return folder;
  }
  return path;
}

/** None where the path cannot be read: measuring it reports why. */
async function snapshotters(path: string): Promise<readonly string[]> {
  const names = (await namesIn(path)) ?? [];
  return names.filter((name) => snapshotterFolder.test(name)).map((name) => `${path}/${name}`);
}

/** A subvolume of btrfs is a device of its own, and yet the same filesystem. */
export async function isSubvolume(path: string, folder: string): Promise<boolean> {
  const [one, other] = await Promise.all([statfs(path), statfs(folder)]);
  return one.type === other.type && one.blocks === other.blocks && one.bfree === other.bfree;
}

/** The device of a path, links followed; undefined where it is not there or not to be seen. */
export async function deviceOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.dev;
}
