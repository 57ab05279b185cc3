/** Makes the page's files from their sources. Runs when the program is built, and where it runs from the sources. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PageFiles } from './files.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** @param onInput receives every file that the script and the style are made from; for their licences */
export async function bundlePage(onInput?: (path: string) => void): Promise<PageFiles> {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    absWorkingDir: folder,
    entryPoints: ['client/main.ts', 'client/page.css'],
    outdir: 'unwritten',
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'iife',
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // The page's own sources are not the program's: their settings for types do not matter here.
    tsconfigRaw: {},
    legalComments: 'none',
    logLevel: 'warning',
  });
  for (const path of Object.keys(metafile.inputs)) onInput?.(resolve(folder, path));
  const text = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
  return {
    html: await readFile(`${folder}client/index.html`, 'utf8'),
    script: text('.js'),
    style: text('.css'),
    icon: await readFile(`${folder}client/icon.svg`, 'utf8'),
  };
}
