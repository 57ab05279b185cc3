/**
 * Docker's own client, for what only it does (builds with BuildKit, `docker run` as the README has it).
 * Debian's has BuildKit built in; a newer one earlier in PATH would need a plug-in.
 */
import type { ApiEngine } from './api-engine.ts';
import { runCommand } from '../machine/command.ts';

const client = '/usr/bin/docker';
/** The newest API version that Debian 12's client uses. */
const CLIENT_API_MINOR = 41;

/**
 * A client that is older than what an engine accepts (Docker 29.0: 1.44) refuses to talk to it, although it would be
 * understood: given a version, it uses that one.
 */
async function versionFor(engine: ApiEngine): Promise<Readonly<Record<string, string>>> {
  const { MinAPIVersion: oldest = '1.12' } = (await engine.expect('GET', '/version')).json<{
    readonly MinAPIVersion?: string;
  }>();
  return Number(oldest.split('.')[1]) > CLIENT_API_MINOR ? { DOCKER_API_VERSION: oldest } : {};
}

/** Runs a command of Docker's client on the engine; returns what it prints. @throws Error with its last lines when it fails. */
export async function docker(
  engine: ApiEngine,
  args: readonly string[],
  { builder = 'buildkit' }: { readonly builder?: 'classic' | 'buildkit' } = {},
): Promise<string> {
  return await runCommand(client, ['-H', engine.dockerHost, ...args], {
    env: { DOCKER_BUILDKIT: builder === 'buildkit' ? '1' : '0', ...(await versionFor(engine)) },
  });
}
