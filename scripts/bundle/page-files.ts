/** Puts the status page, made once and packed, into the one bundled file: the program runs where there is no bundler. */
import type { Plugin } from 'esbuild';
import { unpacked } from './compiled-later.ts';
import { bundlePage } from '../../src/surfaces/page/bundle.ts';

/** @param inputs gets the path of every file that the page was made from, seen from the repository's root */
export function pageFilesInto(inputs: Set<string>): Plugin {
  return {
    name: 'page-files',
    setup(bundler) {
      bundler.onLoad({ filter: /\/surfaces\/page\/assets\.ts$/ }, async () => ({
        contents: `export const pageFiles = async () =>
          JSON.parse(${unpacked(JSON.stringify(await bundlePage((path) => inputs.add(path))))});`,
        loader: 'js',
      }));
    },
  };
}
