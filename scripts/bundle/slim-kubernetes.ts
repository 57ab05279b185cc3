/**
 * Bundles of `@kubernetes/client-node` only what src/cluster/client.ts uses: `KubeConfig`, without the hundreds of
 * generated API classes. The package does not declare that its modules have no side effects, and modules behind a dynamic
 * import are not tree-shaken in a single-file bundle; so it is bundled on its own first, where both can be helped.
 */
import { build, type Plugin } from 'esbuild';

const entry = /@kubernetes\/client-node\/dist\/config\.js$/;

/** The package's modules only define things: what nobody imports may go. */
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
 * undici carries the requests of the generated classes, which are not used: ours go over node:https. Should the package
 * come to need it elsewhere, it says so when called.
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

/**
 * The client as text, which is compiled when it is imported: to compile a file, V8 needs some six times its size, also for
 * the parts that never run, and most daemons have no Kubernetes.
 */
function compiledWhenImported(text: string): string {
  return `import { compileFunction } from 'node:vm';
    const built = { exports: {} };
    const load = (name) => process.getBuiltinModule(name);
    compileFunction(${JSON.stringify(text)}, ['module', 'exports', 'require'], { filename: 'kubernetes-client.cjs' })(built, built.exports, load);
    export const { KubeConfig } = built.exports;`;
}

export const slimKubernetes: Plugin = {
  name: 'slim-kubernetes',
  setup(bundler) {
    bundler.onLoad({ filter: entry }, async ({ path }) => {
      const { outputFiles } = await build({
        entryPoints: [path],
        bundle: true,
        write: false,
        platform: 'node',
        target: 'node22',
        format: 'cjs',
        minify: true,
        legalComments: 'none',
        plugins: [withoutSideEffects, withoutUndici],
        logLevel: 'warning',
      });
      return { contents: compiledWhenImported(outputFiles[0]?.text ?? ''), loader: 'js' };
    });
  },
};
