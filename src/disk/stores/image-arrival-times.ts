/** When each image arrived, by the times of files in the store of Docker, Podman or CRI-O. */
import { stat } from 'node:fs/promises';
import type { ImageId } from '../../core/model/store.ts';
import { forEachLimited } from '../../system/concurrency.ts';
import { namesIn } from './store-files.ts';

const hexPattern = /^[0-9a-f]{64}$/;
const looksAtOnce = 16;

/**
 * The time of each image's configuration, written when the image is pulled, loaded or built (again, also when it is here
 * already), and of its `lastUpdated`, written when it is given a name (moby `image/fs.go`, `image/store.go`); the later
 * of both, in epoch ms. In containers/storage (Podman, CRI-O) the time of its manifest, which each pull and load writes
 * (`created` in its lists is when the image was built). Looks into the folders of every storage driver. An image whose times
 * cannot be read is left out.
 * @throws the signal's reason when aborted.
 */
export async function appearedTimes(
  root: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<ImageId, number>> {
  const times = new Map<ImageId, number>();
  for (const driver of (await namesIn(`${root}/image`)) ?? []) {
    const database = `${root}/image/${driver}/imagedb`;
    await forEachLimited(await idsIn(`${database}/content/sha256`), looksAtOnce, signal, async (hex) => {
      const [content, updated] = await Promise.all([
        changedAtMs(`${database}/content/sha256/${hex}`),
        changedAtMs(`${database}/metadata/sha256/${hex}/lastUpdated`),
      ]);
      const id = `sha256:${hex}`;
      const latest = Math.max(content ?? 0, updated ?? 0, times.get(id) ?? 0);
      if (latest > 0) times.set(id, latest);
    });
  }
  for (const folder of (await namesIn(root)) ?? []) {
    if (!folder.endsWith('-images')) continue;
    await forEachLimited(await idsIn(`${root}/${folder}`), looksAtOnce, signal, async (hex) => {
      const manifest = await changedAtMs(`${root}/${folder}/${hex}/manifest`);
      if (manifest !== undefined) times.set(`sha256:${hex}`, manifest);
    });
  }
  signal.throwIfAborted();
  return times;
}

/** None where it is not such a store, or not to be read: then nothing is known. */
async function idsIn(folder: string): Promise<readonly string[]> {
  return ((await namesIn(folder)) ?? []).filter((name) => hexPattern.test(name));
}

async function changedAtMs(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}
