/**
 * `npm run build`: the whole program in one file, `dist/docker-image-cleaner.cjs`, which is what the package and the
 * container image ship. What a command does not need is in the file but not run until it is imported.
 */
import { build, type Plugin } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pageFiles } from './page-files.ts';
import { slimKubernetes } from './slim-kubernetes.ts';
import { slimLibraries } from './slim-libraries.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };

/** The sources read their version from package.json; of that file only the version goes into the bundle. */
const versionOnly: Plugin = {
  name: 'version-only',
  setup: (bundler) => {
    bundler.onLoad({ filter: /\/package\.json$/ }, ({ path }) =>
      path === `${root}package.json` ? { contents: JSON.stringify({ version }), loader: 'json' } : undefined,
    );
  },
};

const outfile = `${root}dist/docker-image-cleaner.cjs`;
mkdirSync(`${root}dist`, { recursive: true });

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  outfile,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  plugins: [versionOnly, slimKubernetes, slimLibraries, pageFiles],
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});

writeFileSync(`${root}dist/meta.json`, JSON.stringify(metafile));
const bytes = Object.values(metafile.outputs)[0]?.bytes ?? 0;
process.stdout.write(`dist/docker-image-cleaner.cjs ${version}: ${Math.round(bytes / 1000)} kB\n`);
