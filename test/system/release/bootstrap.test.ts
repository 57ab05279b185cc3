/** scripts/bootstrap.mjs installs only what is missing, however the rest was installed. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const script = new URL('../../../scripts/bootstrap.mjs', import.meta.url).pathname;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bootstrap-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function put(path: string, content: unknown): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
}

/** Whether npm is started in a checkout like this; what it is started with. */
function npmStarts(installed: Record<string, string>, isWhole = true): string {
  cpSync(script, join(folder, 'scripts/bootstrap.mjs'));
  const packages = {
    '': { name: 'ours' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/other-platform': { version: '1.0.0', optional: true },
  };
  put('package-lock.json', { packages });
  for (const [name, version] of Object.entries(installed))
    put(`node_modules/${name}/package.json`, { version });
  if (isWhole) put('node_modules/.package-lock.json', {});
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  symlinkSync(process.execPath, join(folder, 'node_modules/.bin/node'));
  put('bin/npm', `#!/bin/sh\necho "$@" > ${folder}/started\n`);
  chmodSync(join(folder, 'bin/npm'), 0o755);
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'scripts/bootstrap.mjs')], {
    encoding: 'utf8',
    env: { PATH: `${folder}/bin:/usr/bin:/bin` },
  });
  expect(status, stderr).toBe(0);
  return existsSync(join(folder, 'started')) ? 'npm ci' : 'nothing';
}

describe('what is installed', () => {
  test.each([
    ['nothing, after a plain npm ci', { a: '1.0.0' }, true, 'nothing'],
    [
      'nothing, with the other platform’s package',
      { a: '1.0.0', 'other-platform': '1.0.0' },
      true,
      'nothing',
    ],
    ['all, where a package is missing', {}, true, 'npm ci'],
    ['all, where one has another version', { a: '1.0.1' }, true, 'npm ci'],
    ['all, where npm did not come to its end', { a: '1.0.0' }, false, 'npm ci'],
  ] as const)('%s', (_what, installed, isWhole, started) => {
    expect(npmStarts(installed, isWhole)).toBe(started);
  });
});
