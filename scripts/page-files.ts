/** Puts the status page, made once, into the one bundled file: there is no bundler where the program runs. */
import type { Plugin } from 'esbuild';
import { bundlePage } from '../src/surfaces/page/bundle.ts';

export const pageFiles: Plugin = {
  name: 'page-files',
  setup(bundler) {
    bundler.onLoad({ filter: /\/surfaces\/page\/assets\.ts$/ }, async () => ({
      contents: `const files = ${JSON.stringify(await bundlePage())};
        export async function pageFiles() { return files; }`,
      loader: 'js',
    }));
  },
};
