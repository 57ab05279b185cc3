/** Node for an architecture, as the npm registry has it: this machine's is installed, another one is fetched once. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export const architectures = ['x64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

/** As Debian and RPM call them. */
export const distributionNames = {
  x64: { deb: 'amd64', rpm: 'x86_64' },
  arm64: { deb: 'arm64', rpm: 'aarch64' },
} as const;

/** @returns the path of the program `node`. @throws Error when npm cannot fetch it. */
export function nodeFor(architecture: Architecture): string {
  if (architecture === process.arch) return join(root, 'node_modules/node/bin/node');
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/node/package.json'), 'utf8')) as {
    version: string;
  };
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'docker-image-cleaner/node');
  const kept = join(cache, `${version}-linux-${architecture}`);
  if (existsSync(kept)) return kept;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'fetch-'));
  try {
    // npm compares the download with the registry's digest.
    const name = `node-linux-${architecture}@${version}`;
    const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, name], {
      encoding: 'utf8',
      cwd: folder,
    }).trim();
    execFileSync('tar', ['-xzf', join(folder, packed), '-C', folder, 'package/bin/node']);
    renameSync(join(folder, 'package/bin/node'), kept);
    return kept;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
