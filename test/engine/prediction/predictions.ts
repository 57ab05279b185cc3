/** What the tests of predictions share: every deletion of a sweep against what the filesystem gained by it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LogRecord } from '../../../harness/program/cli.ts';
import { docker } from '../../../harness/engine/docker-client.ts';
import type { DockerEngine } from '../../../harness/engine/docker-engine.ts';

const MiB = 1024 * 1024;

/**
 * Expects each deletion to have freed what was predicted: within 1% or 1 MiB, in inodes within 1% or twenty: the
 * engine's own records of an image, which no prediction counts, are up to four files, and some five images are deleted at once
 * where nameless steps are deleted with the last image on them (17 on Docker 29).
 */
export function expectTrue(deletions: readonly LogRecord[]): void {
  for (const record of deletions) {
    const [predicted, freed] = [Number(record['predictedBytes']), Number(record['freedBytes'])];
    expect(Math.abs(predicted - freed), JSON.stringify(record)).toBeLessThanOrEqual(
      Math.max(MiB, freed * 0.01),
    );
    const [inodes, gained] = [Number(record['predictedInodes']), Number(record['freedInodes'])];
    expect(Math.abs(inodes - gained), JSON.stringify(record)).toBeLessThanOrEqual(
      Math.max(20, gained * 0.01),
    );
  }
}

/** The deletions among records of the log, of whatever kind. */
export function deletionsIn(records: readonly LogRecord[]): readonly LogRecord[] {
  return records.filter(({ event }) => event?.endsWith('.deleted') === true);
}

/** Pending writes are flushed, so that they do not move the gauge between two readings. */
export function settle(engine: DockerEngine): void {
  execFileSync('sync', ['-f', engine.dataRoot]);
}

export interface Build {
  readonly tag: string;
  readonly dockerfile: readonly string[];
  /** Folders of the context: how many files, and how large each. Their content differs by name. */
  readonly folders: Readonly<Record<string, { readonly files: number; readonly bytes: number }>>;
  readonly builder: 'classic' | 'buildkit';
}

/** Builds an image as `docker build` does; nothing of the context is left. */
export async function build(
  engine: DockerEngine,
  { tag, dockerfile, folders, builder }: Build,
): Promise<void> {
  const context = join(engine.disk.workspace.path, 'context');
  mkdirSync(context);
  try {
    writeFileSync(join(context, 'Dockerfile'), dockerfile.join('\n'));
    for (const [folder, { files, bytes }] of Object.entries(folders)) {
      mkdirSync(join(context, folder));
      for (let at = 0; at < files; at++)
        writeFileSync(join(context, folder, String(at)), Buffer.alloc(bytes, `${folder} ${at}`));
    }
    await docker(engine, ['build', '--network', 'none', '-t', tag, context], { builder });
  } finally {
    rmSync(context, { recursive: true });
  }
}
