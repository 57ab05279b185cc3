/**
 * Libraries that most daemons never need, in the bundle as compressed text that is unpacked and compiled when it is imported:
 * to compile a file, V8 needs some six times its size, also for the parts that never run, and keeps its text.
 */
import { build, type Plugin, type PluginBuild } from 'esbuild';
import { resolve } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

/** What is asked for, and why most daemons do without. */
const libraries: readonly { readonly filter: RegExp; readonly name: string; readonly why: string }[] = [
  { filter: /\/@grpc\/grpc-js\/build\/src\/index\.js$/, name: 'grpc', why: 'only CRI speaks gRPC' },
  { filter: /\/re2js\/build\/index\.js$/, name: 're2js', why: 'only for patterns with re:' },
];

/**
 * Has the files of a library packed. The package may say that its files are ECMAScript modules, and the packed one is
 * CommonJS: so it is in a namespace of its own, without a package.json, and the file exports all of it.
 * @param textOf CommonJS, in one file, of the file with this path
 */
export function pack(
  bundler: PluginBuild,
  filter: RegExp,
  filename: string,
  textOf: (path: string) => Promise<string>,
): void {
  const [name, namespace] = [`packed:${filename}`, `packed-${filename}`];
  let found = '';
  bundler.onLoad({ filter, namespace: 'file' }, ({ path }) => {
    found = path;
    return { contents: `export * from ${JSON.stringify(name)};`, loader: 'js' };
  });
  bundler.onResolve({ filter: /^packed:/ }, ({ path }) => (path === name ? { path, namespace } : undefined));
  bundler.onLoad({ filter: /.*/, namespace }, async () => ({
    contents: compiledLater(await textOf(found), filename),
    loader: 'js',
  }));
}

/** A CommonJS module that becomes the one given when it is run. @param text CommonJS, in one file */
function compiledLater(text: string, filename: string): string {
  return `const { compileFunction } = process.getBuiltinModule('node:vm');
    const text = ${unpacked(text)};
    compileFunction(text, ['module', 'exports', 'require'], { filename: ${JSON.stringify(filename)} })(module, exports, (name) => process.getBuiltinModule(name));`;
}

/** A JavaScript expression that is the text. */
export function unpacked(text: string): string {
  const packed = JSON.stringify(brotliCompressSync(text).toString('base64'));
  return `process.getBuiltinModule('node:zlib').brotliDecompressSync(Buffer.from(${packed}, 'base64')).toString()`;
}

/** One file of a library and all that it needs. @param inputs gets the path of every file that is in it, for the licences */
export async function bundledAlone(
  path: string,
  inputs: Set<string>,
  plugins: Plugin[] = [],
): Promise<string> {
  const { outputFiles, metafile } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    plugins,
    logLevel: 'warning',
  });
  for (const input of Object.keys(metafile.inputs)) inputs.add(resolve(input));
  return outputFiles[0]?.text ?? '';
}

export function librariesCompiledLater(inputs: Set<string>): Plugin {
  return {
    name: 'compiled-later',
    setup(bundler) {
      for (const { filter, name } of libraries)
        pack(bundler, filter, `${name}.cjs`, (path) => bundledAlone(path, inputs));
    },
  };
}
