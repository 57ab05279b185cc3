/** The npm package as a user gets it: packed by npm, installed from its tarball where nothing else is. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transform } from 'esbuild';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundledPackages } from '../../scripts/bundle/third-party-notices.ts';
import { repositoryRoot } from '../../harness/program/cli.ts';
import { createWorkspace, type Workspace } from '../../harness/machine/workspace.ts';

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let workspace: Workspace;
let packed: Packed;
/** Where the tarball was installed. */
let place: string;
const manifest = JSON.parse(readFileSync(`${repositoryRoot}package.json`, 'utf8')) as {
  version: string;
  engines: { node: string };
};

beforeAll(() => {
  workspace = createWorkspace();
  // prepack builds; npm's own output of scripts would stand before the JSON.
  const output = execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', workspace.path], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  const [first] = JSON.parse(output.slice(output.indexOf('[\n'))) as Packed[];
  if (first === undefined) throw new Error(`npm pack packed nothing: ${output}`);
  packed = first;
  place = join(workspace.path, 'place');
  // No registry is asked: what the package needs would be missed.
  const flags = ['--offline', '--no-audit', '--no-fund', '--prefix', place];
  execFileSync('npm', ['install', ...flags, join(workspace.path, packed.filename)], { stdio: 'pipe' });
});
afterAll(() => {
  workspace.dispose();
});

function installed(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(place, 'node_modules/.bin/docker-image-cleaner'), ...args],
    { encoding: 'utf8', cwd: '/', env: { PATH: dirname(process.execPath) } },
  );
  return { status, stdout, stderr };
}

describe('the npm package', () => {
  test('holds the program, its manual and the licences, and nothing else', () => {
    expect(packed.files.map(({ path }) => path).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist/THIRD-PARTY-NOTICES.txt',
      'dist/docker-image-cleaner.cjs',
      'dist/program.cjs',
      'dist/share/docker-image-cleaner.8',
      'package.json',
    ]);
  });

  test('needs no other package', () => {
    const there = JSON.parse(readFileSync(join(place, 'node_modules/.package-lock.json'), 'utf8')) as {
      packages: Record<string, unknown>;
    };
    expect(Object.keys(there.packages)).toEqual(['node_modules/docker-image-cleaner']);
  });

  test('starts from an empty folder', () => {
    expect(installed('--version')).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
    expect(installed('--help').stdout).toContain('docker-image-cleaner [command] [flags]');
    expect(installed('plan', '--threshold-high', 'x')).toMatchObject({ status: 2, stdout: '' });
  });

  test('has nothing that publint objects to', async () => {
    const { messages } = await publint({ pkgDir: join(place, 'node_modules/docker-image-cleaner') });
    expect(messages).toEqual([]);
  });

  test('carries the licence of every library that is in its bundle', () => {
    const notices = readFileSync(
      join(place, 'node_modules/docker-image-cleaner/dist/THIRD-PARTY-NOTICES.txt'),
      'utf8',
    );
    const { inputs, packed } = JSON.parse(readFileSync(`${repositoryRoot}dist/meta.json`, 'utf8')) as {
      inputs: Record<string, unknown>;
      packed: string[];
    };
    const bundled = bundledPackages(repositoryRoot, [...Object.keys(inputs), ...packed]);
    const names = bundled.map(({ name }) => name);
    const some = ['commander', '@grpc/grpc-js', 'protobufjs', '@kubernetes/client-node', 'uplot'];
    expect(names).toEqual(expect.arrayContaining(some));
    expect(names.filter((name) => !new RegExp(`^${name} \\d`, 'm').test(notices))).toEqual([]);
    expect(bundled.filter(({ text }) => !notices.includes(text)).map(({ name }) => name)).toEqual([]);
  });
});

describe('on an older Node', () => {
  const entry = (): string => join(place, 'node_modules/docker-image-cleaner/dist/docker-image-cleaner.cjs');

  test('one line says which version is needed and what works without', () => {
    const needed = manifest.engines.node.replace('>=', '');
    expect(readFileSync(entry(), 'utf8')).toContain(`needed = '${needed}'`);
    // As if this Node were too old.
    const file = join(place, 'entry.cjs');
    writeFileSync(file, readFileSync(entry(), 'utf8').replace(`needed = '${needed}'`, "needed = '99.4'"));
    const { status, stdout, stderr } = spawnSync(process.execPath, [file, 'run'], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(
      `error: docker-image-cleaner needs Node 99.4 or newer, but this is ${process.versions.node}: install a newer one ` +
        '(https://nodejs.org), or the .deb or .rpm package or the container image, which need no Node\n',
    );
  });

  test.each([
    ['99', 2],
    [`${process.versions.node}`, 1],
    ['9.0', 1],
    [process.versions.node.replace(/\d+$/, '999'), 2],
  ])('Node %s is compared by number', (needed, status) => {
    const file = join(place, 'entry.cjs');
    // Without the program beside it, a Node that is new enough ends with Node's own status 1.
    writeFileSync(file, readFileSync(entry(), 'utf8').replace(/needed = '[^']*'/, `needed = '${needed}'`));
    expect(spawnSync(process.execPath, [file], { encoding: 'utf8' }).status).toBe(status);
  });

  test('the check itself runs on any Node', async () => {
    // esbuild refuses what it cannot write in ES5, and would rewrite what it can.
    const code = readFileSync(entry(), 'utf8');
    const options = { minifyWhitespace: true, legalComments: 'none' } as const;
    const asIs = await transform(code, options);
    expect((await transform(code, { ...options, target: 'es5' })).code).toBe(asIs.code);
  });
});
