/** Small files of an image store, where missing is not unreadable: what is missing was deleted meanwhile. */
import { createHash } from 'node:crypto';
import { open, readdir, readFile } from 'node:fs/promises';
import { sha256 } from '../../system/chain-id.ts';
import { errnoOf } from '../../system/errno.ts';
import { JsonFilter } from '../../system/json-filter.ts';

interface TextFile {
  readonly text: string;
  readonly digest: string;
}

/** Files of one folder, undefined for each that is missing; a sentence when one may not be read. */
export async function readTexts(
  folder: string,
  names: readonly string[],
): Promise<readonly (TextFile | undefined)[] | string> {
  const found = await Promise.all(names.map((name) => readText(`${folder}/${name}`)));
  const texts: (TextFile | undefined)[] = [];
  for (const text of found) {
    if (typeof text === 'string') return text;
    texts.push(text);
  }
  return texts;
}

/** A file; undefined when it is missing; a sentence when it may not be read. */
async function readText(path: string): Promise<TextFile | string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    return { text, digest: `sha256:${sha256(text)}` };
  } catch (error) {
    return problemOf(path, error);
  }
}

/** Larger ones are filtered as they are read. */
const largeBytes = 1024 * 1024;

/**
 * A JSON file of which only some members are wanted, however large the others are; otherwise as readText(). The digest is
 * that of the whole file.
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
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR'
    ? undefined
    : `${path} may not be read (${errno ?? String(error)}).`;
}

/** Names in a folder; undefined when it does not exist; the errno when it may not be read. */
export async function list(folder: string): Promise<readonly string[] | string | undefined> {
  try {
    return await readdir(folder);
  } catch (error) {
    const errno = errnoOf(error);
    return errno === 'ENOENT' || errno === 'ENOTDIR' ? undefined : (errno ?? String(error));
  }
}
