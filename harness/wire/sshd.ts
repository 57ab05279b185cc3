/** A private sshd on a port of 127.0.0.1, and an ssh that knows it and its key: Debian's, as a user has it. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { commandPath, ensureCommands, searchPath } from '../machine/packages.ts';
import { freePort } from '../engine/registry.ts';
import { waitFor } from '../machine/wait.ts';
import type { Workspace } from '../machine/workspace.ts';

export interface Sshd {
  readonly port: number;
  /** PATH with an `ssh` that has our configuration for the user's: it knows the host, and the key unless asked otherwise. */
  searchPath(options?: { readonly withoutKey?: boolean }): string;
  dispose(): void;
}

function keygen(path: string): void {
  const result = spawnSync(commandPath('ssh-keygen'), ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
  if (result.status !== 0) throw new Error(`ssh-keygen: ${String(result.stderr)}`);
}

/** @param env of what runs there, e.g. DOCKER_HOST. */
export async function startSshd(workspace: Workspace, env: Readonly<Record<string, string>>): Promise<Sshd> {
  await ensureCommands(['sshd', 'ssh', 'ssh-keygen']);
  const folder = join(workspace.path, 'sshd');
  const file = (name: string): string => join(folder, name);
  mkdirSync(folder, { mode: 0o700 });
  // What a service's unit would make (privilege separation).
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  for (const name of ['host', 'user']) keygen(file(name));
  writeFileSync(file('authorized_keys'), readFileSync(file('user.pub')), { mode: 0o600 });
  const port = await freePort();
  writeFileSync(
    file('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${file('host')}`,
      `PidFile ${file('pid')}`,
      `AuthorizedKeysFile ${file('authorized_keys')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication yes',
      'PermitRootLogin yes',
      `SetEnv ${Object.entries({ PATH: searchPath, ...env })
        .map(([name, value]) => `${name}=${value}`)
        .join(' ')}`,
    ].join('\n'),
  );
  const [, hostKey = ''] = /^(\S+ \S+)/.exec(readFileSync(file('host.pub'), 'utf8')) ?? [];
  writeFileSync(file('known_hosts'), `[127.0.0.1]:${port} ${hostKey}\n`);
  for (const [name, identity] of [
    ['with-key', `IdentityFile ${file('user')}`],
    ['without-key', 'IdentityFile /dev/null'],
  ] as const) {
    const config = file(`${name}.config`);
    const lines = [identity, 'IdentitiesOnly yes', `UserKnownHostsFile ${file('known_hosts')}`, 'User root'];
    writeFileSync(config, lines.join('\n'));
    mkdirSync(file(name));
    const wrapper = `#!/bin/sh\nexec ${commandPath('ssh')} -F ${config} "$@"\n`;
    writeFileSync(join(file(name), 'ssh'), wrapper);
    chmodSync(join(file(name), 'ssh'), 0o755);
  }
  const child = spawn(commandPath('sshd'), ['-D', '-e', '-f', file('sshd_config')], { stdio: 'ignore' });
  await waitFor('sshd to listen', async () => await listens(port));
  return {
    port,
    searchPath: ({ withoutKey = false } = {}) =>
      `${file(withoutKey ? 'without-key' : 'with-key')}:${searchPath}`,
    dispose: () => {
      child.kill();
    },
  };
}

async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
