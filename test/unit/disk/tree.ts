/** Temporary folders on the real filesystem, and `du` as the judge. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Amount } from '../../../src/core/thresholds.ts';

/** A new empty folder, gone when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'disk-test-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** What `du` says: allocated bytes and inodes below the path, on its filesystem. */
export function du(path: string): Amount {
  const first = (...args: string[]): number =>
    Number(execFileSync('du', ['-s', '-x', ...args, path], { encoding: 'utf8' }).split('\t')[0]);
  return { bytes: first('--block-size=1'), inodes: first('--inodes') };
}
