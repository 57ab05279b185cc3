/**
 * `npm run bench [NAME] [-- arguments]`: one of the measurements in this folder, what the cleaner costs at its main job
 * where none is named. Those that need the built program build it first.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Benches of the built program. */
const NEEDS_BUILD = new Set([
  'main-job',
  'burst',
  'memory',
  'idle',
  'status-page',
  'http-load',
  'soak',
  'flood',
]);

const [first, ...others] = process.argv.slice(2);
const [name, rest] =
  first === undefined || first.startsWith('-') ? ['main-job', process.argv.slice(2)] : [first, others];
const root = fileURLToPath(new URL('..', import.meta.url));

function run(file: string, args: readonly string[]): number {
  const { status, error } = spawnSync(process.execPath, ['--expose-gc', file, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (error !== undefined) throw error;
  return status ?? 1;
}

const [file] = /^[a-z-]+$/.test(name) ? globSync(`${root}bench/{policies,program,scale}/${name}.ts`) : [];
if (file === undefined) {
  process.stderr.write(`error: no measurement ${name} in bench/\n`);
  process.exitCode = 2;
} else {
  const built = NEEDS_BUILD.has(name) ? run(`${root}scripts/build.ts`, []) : 0;
  process.exitCode = built === 0 ? run(file, rest) : built;
}
