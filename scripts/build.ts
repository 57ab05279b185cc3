/**
 * `npm run build`: what every package ships. `dist/program.cjs` is the whole program in one file; what a command does not
 * need is in it but not run until it is imported. `dist/docker-image-cleaner.cjs` is what people start: it refuses an old
 * Node in one line, then loads the program. Besides, the licences of what is in the bundle, and in `dist/share/` the manual,
 * the shells' completions and the configuration file.
 */
import { build, type Plugin } from 'esbuild';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeShare } from './share/share.ts';
import { librariesCompiledLater } from './bundle/compiled-later.ts';
import { pageFilesInto } from './bundle/page-files.ts';
import { slimKubernetes } from './bundle/slim-kubernetes.ts';
import { slimLibraries } from './bundle/slim-libraries.ts';
import { bundledPackages, noticesText } from './bundle/third-party-notices.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version, engines } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  version: string;
  engines: { node: string };
};

/** The sources read their version from package.json; of that file only the version is bundled. */
const versionOnly: Plugin = {
  name: 'version-only',
  setup: (bundler) => {
    bundler.onLoad({ filter: /\/package\.json$/ }, ({ path }) =>
      path === `${root}package.json` ? { contents: JSON.stringify({ version }), loader: 'json' } : undefined,
    );
  },
};

const outfile = `${root}dist/program.cjs`;
mkdirSync(`${root}dist`, { recursive: true });
/** What is in the bundle as text: the page, and what is compiled later. */
const packedInputs = new Set<string>();

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  outfile,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  plugins: [
    versionOnly,
    slimKubernetes(packedInputs),
    librariesCompiledLater(packedInputs),
    slimLibraries,
    pageFilesInto(packedInputs),
  ],
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});

/** `>=22.19` in package.json is the one place that says which Node is needed. */
const needed = engines.node.replace(/^>=/, '');
const entry = readFileSync(`${root}src/cli/entry.cjs`, 'utf8').replace('@NEEDED_NODE@', needed);
writeFileSync(`${root}dist/docker-image-cleaner.cjs`, `#!/usr/bin/env node\n${entry}`, { mode: 0o755 });
chmodSync(`${root}dist/docker-image-cleaner.cjs`, 0o755);

const inputs = [...Object.keys(metafile.inputs), ...packedInputs];
writeFileSync(`${root}dist/meta.json`, JSON.stringify({ ...metafile, packed: [...packedInputs] }));
writeFileSync(`${root}dist/THIRD-PARTY-NOTICES.txt`, noticesText(bundledPackages(root, inputs)));
writeShare(`${root}dist/share`, version);
const bytes = Object.values(metafile.outputs)[0]?.bytes ?? 0;
process.stdout.write(`dist/docker-image-cleaner.cjs ${version}: ${Math.round(bytes / 1000)} kB\n`);
