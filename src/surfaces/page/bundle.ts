/** Makes the page's files from their sources. Runs when the program is built, and where it runs from the sources. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PageFiles } from './files.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

export async function bundlePage(): Promise<PageFiles> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: ['client/main.ts', 'client/page.css'],
    outdir: 'unwritten',
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: ['chrome111', 'firefox114', 'safari16.4'],
    // The page's own sources are not the program's: their settings for types do not matter here.
    tsconfigRaw: {},
    legalComments: 'none',
    logLevel: 'warning',
  });
  const text = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
  return {
    html: await readFile(`${folder}client/index.html`, 'utf8'),
    script: text('.js'),
    style: text('.css'),
    icon: await readFile(`${folder}client/icon.svg`, 'utf8'),
  };
}
