/** Small files of an image store, where missing is not unreadable: what is missing was deleted meanwhile. */
import { readdir, readFile } from 'node:fs/promises';
import { sha256 } from '../chain-id.ts';
import { errnoOf } from '../errno.ts';

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
export async function readText(path: string): Promise<TextFile | string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    return { text, digest: `sha256:${sha256(text)}` };
  } catch (error) {
    const errno = errnoOf(error);
    return errno === 'ENOENT' || errno === 'ENOTDIR'
      ? undefined
      : `${path} may not be read (${errno ?? String(error)}).`;
  }
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
