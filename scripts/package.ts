/**
 * `npm run package`: the program without Node (.tar.gz), .deb and .rpm, for each architecture, with their checksums, in
 * dist/packages/. Needs dpkg-deb (Debian package dpkg) and rpmbuild (rpm). After a word for an architecture only that one; with
 * `--quick` compressed less, in a tenth of the time, and only the formats that can be built here: for this machine rather
 * than for a release.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { formatsHere } from './package/formats.ts';
import { root } from './package/layout.ts';
import { architectures } from './package/runtime.ts';

const isQuick = process.argv.includes('--quick');
const wanted = process.argv.slice(2).filter((each) => each !== '--quick');
const unknown = wanted.filter((each) => !architectures.some((known) => known === each));
if (unknown.length > 0) {
  process.stderr.write(
    `error: no package for ${unknown.join(', ')}: the architectures are ${architectures.join(' and ')}\n`,
  );
  process.exit(2);
}
const { formats, missing } = formatsHere();
if (missing.length > 0) {
  process.stderr.write(missing.map((each) => `${isQuick ? 'warning' : 'error'}: ${each}\n`).join(''));
  if (!isQuick) process.exit(1);
}
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const output = join(root, 'dist/packages');
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
const scratch = mkdtempSync(join(tmpdir(), 'package-'));
try {
  const sums: string[] = [];
  for (const architecture of architectures.filter((each) => wanted.length === 0 || wanted.includes(each))) {
    const order = { version, architecture, output, scratch, isSmall: !isQuick };
    for (const file of formats.map((build) => build(order))) {
      const content = readFileSync(file);
      sums.push(`${createHash('sha256').update(content).digest('hex')}  ${basename(file)}\n`);
      process.stdout.write(`${basename(file)}: ${(content.length / 1e6).toFixed(1)} MB\n`);
    }
  }
  writeFileSync(join(output, 'SHA256SUMS'), sums.join(''));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
