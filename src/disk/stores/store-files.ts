/** Small files of an image store, where missing is not unreadable: what is missing was deleted meanwhile. */
import { createHash } from 'node:crypto';
import { open, readdir, readFile } from 'node:fs/promises';
import { sha256 } from '../../system/chain-id.ts';
import { errnoOf } from '../../system/errno.ts';
import { isGone } from '../filesystem/error.ts';
import { JsonFilter } from '../../system/json-filter.ts';

interface TextFile {
  readonly text: string;
  readonly digest: string;
}

/** Files of one folder, without white space around, undefined for each that is missing; a sentence when one may not be read. */
export async function readTexts(
  folder: string,
  names: readonly string[],
): Promise<readonly (string | undefined)[] | string> {
  const paths = names.map((name) => `${folder}/${name}`);
  const found = await Promise.allSettled(paths.map((path) => readFile(path, 'utf8')));
  const texts: (string | undefined)[] = [];
  for (const [at, result] of found.entries()) {
    const isRead = result.status === 'fulfilled';
    const problem = isRead ? undefined : problemOf(paths[at] ?? folder, result.reason);
    if (problem !== undefined) return problem;
    texts.push(isRead ? result.value.trim() : undefined);
  }
  return texts;
}

/** Larger ones are filtered as they are read. */
const largeBytes = 1024 * 1024;

/**
 * A JSON file of which only some members are wanted, however large the others are; undefined when it is missing, a sentence when it
 * may not be read. The digest is that of the whole file.
 * @param wanted keys, at any depth.
 */
export async function readMembers(
  path: string,
  wanted: ReadonlySet<string>,
): Promise<TextFile | string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      if ((await file.stat()).size <= largeBytes) {
        const text = await file.readFile('utf8');
        return { text, digest: `sha256:${sha256(text)}` };
      }
      const hash = createHash('sha256');
      const filter = new JsonFilter(wanted);
      for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        filter.push(chunk);
      }
      return { text: filter.text(), digest: `sha256:${hash.digest('hex')}` };
    } finally {
      await file.close();
    }
  } catch (error) {
    return problemOf(path, error);
  }
}

function problemOf(path: string, error: unknown): string | undefined {
  return isGone(error) ? undefined : `${path} may not be read (${errnoOf(error) ?? String(error)}).`;
}

/** Names in a folder; undefined when it is not there, or not to be read. */
export async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  return await readdir(folder).catch(() => undefined);
}
