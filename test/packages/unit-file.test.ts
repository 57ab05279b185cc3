/** The systemd unit, by systemd's own judgement. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repositoryRoot } from '../../harness/program/cli.ts';
import { ensureCommands } from '../../harness/machine/packages.ts';
import { createWorkspace, type Workspace } from '../../harness/machine/workspace.ts';

const unit = join(repositoryRoot, 'packaging/docker-image-cleaner.service');
let workspace: Workspace;

beforeAll(async () => {
  await ensureCommands(['systemd-analyze']);
  workspace = createWorkspace();
});
afterAll(() => {
  workspace.dispose();
});

test('systemd-analyze verify has nothing to say', () => {
  // What it starts only has to exist; the manual is searched for on this machine and is not installed.
  const program = join(workspace.path, 'docker-image-cleaner');
  writeFileSync(program, '#!/bin/sh\n');
  chmodSync(program, 0o755);
  const folder = join(workspace.path, 'units');
  mkdirSync(folder);
  const text = readFileSync(unit, 'utf8').replace('/usr/bin/docker-image-cleaner', program);
  const file = join(folder, 'docker-image-cleaner.service');
  writeFileSync(file, text);
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
    encoding: 'utf8',
  });
  const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('docker-image-cleaner'));
  expect({ status, said }).toEqual({ status: 0, said: [] });
});

test('systemd-analyze security finds little exposed', () => {
  const output = execFileSync(
    'systemd-analyze',
    ['security', '--offline=true', '--json=short', '--threshold=35', unit],
    { encoding: 'utf8' },
  );
  const settings = JSON.parse(output) as { json_field: string; set: boolean | null }[];
  const exposed = settings.filter(({ set }) => set === false).map(({ json_field }) => json_field);
  // What it needs: root for the engine's socket, the host's network for tcp:// and the page, code made at run time (V8).
  expect(exposed).toEqual(
    expect.arrayContaining(['UserOrDynamicUser', 'PrivateNetwork', 'MemoryDenyWriteExecute']),
  );
  for (const field of ['NoNewPrivileges', 'ProtectSystem', 'PrivateDevices', 'RestrictNamespaces_user'])
    expect(exposed).not.toContain(field);
});
