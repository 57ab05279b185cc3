/** What the suite saw an engine do: written to test-artifacts/, and compared with what the table of docs/engines.md is of. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../harness/program/cli.ts';
import type { Capabilities } from './fixture.ts';

/** What every engine must do, each shown by a test. */
export const behaviours = {
  lists: 'lists images with names, sizes and sharing',
  inUse: 'keeps an image in use, whatever the state of its container',
  keeps: 'keep patterns protect images',
  plans: 'a sweep deletes what the plan lists',
  reachesLow: 'sweeps until usage is below LOW',
  severalNames: 'an image with several names is deleted as a whole',
  digestOnly: 'an image that has only a digest is deleted',
  lateUse: 'an image that comes into use after the plan is kept',
  neverForces: 'never forces',
  survivesRestart: 'the sweep survives a crash of the engine',
  ineffective: 'stops when deleting does not help',
} as const;
export type Behaviour = keyof typeof behaviours;

export interface Findings {
  readonly engine: string;
  /** What it reported of itself. */
  readonly identity: string;
  readonly apiVersion: string;
  readonly capabilities: Partial<Capabilities>;
  readonly behaviours: readonly Behaviour[];
}

export const findingsFolder = join(repositoryRoot, 'test-artifacts', 'engines');
export const recordedFolder = join(repositoryRoot, 'docs', 'engines');

function fileName(engine: string): string {
  return `${engine.toLowerCase().replace(/[^a-z0-9.]+/g, '-')}.json`;
}

export function writeFindings(findings: Findings): void {
  mkdirSync(findingsFolder, { recursive: true });
  writeFileSync(join(findingsFolder, fileName(findings.engine)), `${JSON.stringify(findings, null, 2)}\n`);
}

/** @throws when the file is missing or not JSON. */
export function readRecorded(engine: string): Findings {
  return JSON.parse(readFileSync(join(recordedFolder, fileName(engine)), 'utf8')) as Findings;
}
