/**
 * Leaves out of the bundle what libraries load at once and this program never uses: each of Node's modules that is
 * loaded costs an idle daemon about a megabyte. Should a library need one of them, it says so when it calls it.
 */
import type { Plugin } from 'esbuild';

interface LeftOut {
  /** The module that is asked for. */
  readonly module: RegExp;
  /** Who asks. */
  readonly library: string;
  readonly why: string;
  /** The CommonJS module that it gets instead. */
  readonly instead: string;
}

const refuse = (name: string): string =>
  `() => { throw new Error(${JSON.stringify(`${name} is left out of this bundle`)}); }`;

const leftOut: readonly LeftOut[] = [
  {
    module: /^(node:)?child_process$/,
    library: '/commander/',
    why: 'subcommands that are programs of their own',
    instead: `module.exports = { spawn: ${refuse('child_process')} };`,
  },
];

export const slimLibraries: Plugin = {
  name: 'slim-libraries',
  setup(bundler) {
    for (const { module, library, instead } of leftOut) {
      bundler.onResolve({ filter: module }, ({ path, importer }) =>
        importer.includes(library)
          ? { path, namespace: 'left-out-of-libraries', pluginData: instead }
          : undefined,
      );
    }
    bundler.onLoad({ filter: /.*/, namespace: 'left-out-of-libraries' }, ({ pluginData }) => ({
      contents: String(pluginData),
      loader: 'js',
    }));
  },
};
