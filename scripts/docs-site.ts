/**
 * Builds the documentation's site into site/.vitepress/dist/. Its generator has a lock file of its own, so that the
 * project's packages stay few; it is installed here when that file changed.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const site = fileURLToPath(new URL('../site', import.meta.url));

interface Lock {
  readonly packages?: Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>;
}
const lockAt = (path: string): Lock | undefined => {
  try {
    return JSON.parse(readFileSync(`${site}/${path}`, 'utf8')) as Lock;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

/** npm writes what it installed when it ends. An optional package may be for another platform. */
function isInstalled(): boolean {
  const wanted = Object.entries(lockAt('package-lock.json')?.packages ?? {});
  const there = lockAt('node_modules/.package-lock.json')?.packages;
  return (
    there !== undefined &&
    wanted.every(
      ([folder, { version, optional }]) =>
        folder === '' ||
        there[folder]?.version === version ||
        (optional === true && there[folder] === undefined),
    )
  );
}

function npm(args: readonly string[]): void {
  const { status, signal, error } = spawnSync('npm', args, { cwd: site, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  process.stderr.write(
    `error: npm ${args.join(' ')} in site/ ended with ${String(status ?? signal ?? error?.message)}.\n`,
  );
  process.exit(1);
}

if (!isInstalled()) npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
npm(['run', '--silent', 'build']);
