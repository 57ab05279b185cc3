/**
 * Bundles of `@kubernetes/client-node` only what src/cluster/client.ts uses: `KubeConfig`, without the hundreds of
 * generated API classes. The package does not declare that its modules have no side effects, and modules behind a dynamic
 * import are not tree-shaken in a single-file bundle; so it is bundled on its own first, where both can be helped.
 */
import type { Plugin } from 'esbuild';
import { bundledAlone, pack } from './compiled-later.ts';

const entry = /@kubernetes\/client-node\/dist\/config\.js$/;

/** The package's modules only define things: unused ones may be dropped. */
const withoutSideEffects: Plugin = {
  name: 'kubernetes-without-side-effects',
  setup(bundler) {
    bundler.onResolve({ filter: /^\./ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (pluginData === 'resolving' || !importer.includes('/@kubernetes/client-node/')) return undefined;
      const resolved = await bundler.resolve(path, { importer, resolveDir, kind, pluginData: 'resolving' });
      return { ...resolved, pluginData: undefined, sideEffects: false };
    });
  },
};

/**
 * undici carries the requests of the generated classes, which are not used: ours go over node:https. Should the
 * package need it elsewhere, it says so when called.
 */
const withoutUndici: Plugin = {
  name: 'kubernetes-without-undici',
  setup(bundler) {
    bundler.onResolve({ filter: /^undici$/ }, ({ path }) => ({ path, namespace: 'left-out' }));
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
      contents: `const leftOut = () => { throw new Error('undici is left out of this bundle'); };
        export class Agent { constructor() { leftOut(); } }
        export class ProxyAgent extends Agent {}
        export class FormData extends Agent {}
        export const fetch = leftOut;`,
    }));
  },
};

/** @param inputs gets the path of every file that is in it, for the licences */
export function slimKubernetes(inputs: Set<string>): Plugin {
  return {
    name: 'slim-kubernetes',
    setup(bundler) {
      pack(bundler, entry, 'kubernetes-client.cjs', (path) =>
        bundledAlone(path, inputs, [withoutSideEffects, withoutUndici]),
      );
    },
  };
}
