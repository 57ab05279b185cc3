#!/usr/bin/env node
/**
 * Makes `npm run demo` and `npm test` work right after `git clone`: installs the locked packages when they are missing or
 * out of date. Runs on whatever Node is installed (18 and newer), so: plain JavaScript, no dependencies. Everything
 * that npm runs afterwards finds the project's own Node (a devDependency) first in its PATH; only in the very script
 * line that ran this file, the shell remembers where it found `node`, so what follows there says node_modules/.bin/node.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function json(path) {
  try {
    return JSON.parse(readFileSync(`${root}${path}`, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Whoever installed them, also a plain `npm ci`: every package of the lock file is there in its version, and npm came to its
 * end, which is when it writes node_modules/.package-lock.json.
 */
function isInstalled() {
  if (!existsSync(`${root}node_modules/.package-lock.json`)) return false;
  return Object.entries(json('package-lock.json')?.packages ?? {}).every(([folder, wanted]) => {
    if (folder === '') return true;
    const there = json(`${folder}/package.json`);
    // An optional package may be another platform's.
    return there === undefined ? wanted.optional === true : there.version === wanted.version;
  });
}

if (!isInstalled()) {
  process.stderr.write('Installing the packages named in package-lock.json ...\n');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.status !== 0) {
    process.stderr.write(
      `error: npm ci ended with ${result.status ?? result.signal ?? result.error?.message}: see its messages above.\n`,
    );
    process.exit(1);
  }
}

const node = spawnSync(`${root}node_modules/.bin/node`, ['--version'], { encoding: 'utf8' });
if (node.status !== 0) {
  process.stderr.write(
    `error: the project's own Node (package "node") does not start${node.stderr ? `: ${node.stderr.trim()}` : ''}. ` +
      'If install scripts are switched off (npm config ignore-scripts), allow them for this project and run npm ci.\n',
  );
  process.exit(1);
}
