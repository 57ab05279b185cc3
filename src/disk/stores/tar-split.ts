/**
 * A layer's list of files (tar-split, `layerdb/…/tar-split.json.gz`): one JSON object a line, `type` 1 is a tar entry
 * with `name` and `size`, `type` 2 are raw header bytes (github.com/vbatts/tar-split, tar/storage/entry.go).
 * Reading it tells how many inodes a layer has, and nearly how many blocks, without touching one of its inodes.
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Amount } from '../../core/model/thresholds.ts';

/** What the engine keeps beside a layer's files: `diff`, `link`, `lower`, `committed`, `work`, the folder itself. */
const surroundings: Amount = { bytes: 5 * 4096, inodes: 6 };

/**
 * Estimates what a layer takes: every file rounded up to blocks, a block for each folder, also for folders that the
 * archive only implies. Hard links count as empty files. Streams; holds only the names of the folders.
 * @returns undefined when the list is missing or damaged.
 * @throws the signal's reason when aborted.
 */
export async function estimateFromTarSplit(
  path: string,
  blockBytes: number,
  signal: AbortSignal,
): Promise<Amount | undefined> {
  const folders = new Set<string>();
  let bytes = 0;
  let entries = 0;
  const onLine = (line: string): void => {
    if (!line.startsWith('{"type":1,')) return;
    const name = /"name":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? '';
    const size = /"size":(\d+)/.exec(line)?.[1];
    if (size !== undefined) bytes += Math.ceil(Number(size) / blockBytes) * blockBytes;
    if (!name.endsWith('/')) entries++;
    let cut = name.lastIndexOf('/');
    while (cut > 0) {
      const folder = name.slice(0, cut);
      if (folder === '.' || folders.has(folder)) break;
      folders.add(folder);
      cut = folder.lastIndexOf('/');
    }
  };
  try {
    // A daemon that never estimates need not hold it.
    const { createGunzip } = await import('node:zlib');
    const unpacked = createGunzip();
    await pipeline(
      createReadStream(path),
      unpacked,
      (chunks: AsyncIterable<Buffer>) => eachLine(chunks, onLine),
      {
        signal,
      },
    );
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
  return {
    bytes: bytes + folders.size * blockBytes + surroundings.bytes,
    inodes: entries + folders.size + surroundings.inodes,
  };
}

async function eachLine(chunks: AsyncIterable<Buffer>, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  for await (const chunk of chunks) {
    // latin1: only lengths, slashes and digits matter, and no character can be cut in two.
    const text = rest + chunk.toString('latin1');
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      onLine(text.slice(start, end));
      start = end + 1;
    }
    rest = text.slice(start);
  }
  onLine(rest);
}
