#!/usr/bin/env node
/**
 * Makes `npm run demo` and `npm test` work right after `git clone`: installs the locked packages when they are missing or
 * out of date. Runs on whatever Node is installed (18 and newer), so: plain JavaScript, no dependencies. Everything
 * that npm runs afterwards finds the project's own Node (a devDependency) first in its PATH; only in the very script
 * line that ran this file, the shell remembers where it found `node`, so what follows there says node_modules/.bin/node.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.installed-lock`;
const lock = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .digest('hex');
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;

if (installed !== lock) {
  process.stderr.write('Installing the packages named in package-lock.json ...\n');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.status !== 0) {
    process.stderr.write(
      `npm ci ended with ${result.status ?? result.signal ?? result.error?.message}: see its messages above.\n`,
    );
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

const node = spawnSync(`${root}node_modules/.bin/node`, ['--version'], { encoding: 'utf8' });
if (node.status !== 0) {
  process.stderr.write(
    `The project's own Node (package "node") does not start${node.stderr ? `: ${node.stderr.trim()}` : ''}. ` +
      'If install scripts are switched off (npm config ignore-scripts), allow them for this project and run npm ci.\n',
  );
  process.exit(1);
}
