/** Packages for the tests, packed in a hurry. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PackageOrder } from '../../scripts/package/layout.ts';
import { repositoryRoot } from '../../harness/program/cli.ts';
import type { Workspace } from '../../harness/machine/workspace.ts';

/** Makes dist/, which every package is made from. */
export function buildProgram(): void {
  execFileSync(process.execPath, ['scripts/build.ts'], { cwd: repositoryRoot, stdio: 'pipe' });
}

export function order(
  workspace: Workspace,
  version: string,
  architecture: PackageOrder['architecture'] = process.arch === 'arm64' ? 'arm64' : 'x64',
): PackageOrder {
  const [output, scratch] = [join(workspace.path, 'packages'), join(workspace.path, 'scratch')];
  for (const folder of [output, scratch]) mkdirSync(folder, { recursive: true });
  return { version, architecture, output, scratch, isSmall: false };
}

/** The other one of the two that packages are built for. */
export const otherArchitecture = process.arch === 'arm64' ? 'x64' : 'arm64';
