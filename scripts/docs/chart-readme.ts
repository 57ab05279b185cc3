/** The chart's README: its table of values is made from the comments in values.yaml by Bitnami's generator. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const chart = fileURLToPath(new URL('../../deploy/helm/docker-image-cleaner', import.meta.url));
const generator = fileURLToPath(import.meta.resolve('@bitnami/readme-generator-for-helm/bin/index.js'));

/** @throws Error with the generator's words where a value has no `@param`, or one has no value. */
export function chartReadme(): string {
  // The generator writes in place.
  const folder = mkdtempSync(join(tmpdir(), 'chart-readme-'));
  try {
    const readme = join(folder, 'README.md');
    copyFileSync(join(chart, 'README.md'), readme);
    execFileSync(process.execPath, [generator, '--values', join(chart, 'values.yaml'), '--readme', readme], {
      stdio: 'pipe',
    });
    return readFileSync(readme, 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
