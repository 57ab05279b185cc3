/** Less usual sockets of engines: chosen last, and named in errors. */
import { readdir, stat } from 'node:fs/promises';
import { defaultSocketPath } from '../address.ts';
import { knownRuntimes } from '../endpoint.ts';

export interface FoundSocket {
  /** Whose it is, for people. */
  readonly name: string;
  readonly path: string;
}

/**
 * Sockets with Docker's API for a user: rootless Docker, Podman's for all and a user's own.
 * @param runtimeDirectory XDG_RUNTIME_DIR.
 */
export function userSockets(runtimeDirectory: string | undefined): readonly FoundSocket[] {
  const own = runtimeDirectory === undefined || runtimeDirectory === '' ? [] : [runtimeDirectory];
  return [
    ...own.map((folder) => ({ name: 'rootless Docker', path: `${folder}/docker.sock` })),
    { name: 'Podman', path: '/run/podman/podman.sock' },
    ...own.map((folder) => ({ name: 'rootless Podman', path: `${folder}/podman/podman.sock` })),
  ];
}

/**
 * The engines that listen here beside one, each with the line to set; for the error that this one does not answer.
 * @param root where to look, `/` but in tests.
 */
export async function otherEngines(
  endpoint: string,
  runtimeDirectory: string | undefined,
  root = '',
): Promise<readonly string[]> {
  const users = (await namesIn(`${root}/run/user`)).map((uid) => `/run/user/${uid}`);
  const folders = new Set([...(runtimeDirectory === undefined ? [] : [runtimeDirectory]), ...users]);
  const docker = new Map<string, string>([[defaultSocketPath, 'Docker']]);
  for (const folder of folders) for (const { name, path } of userSockets(folder)) docker.set(path, name);
  const lines: string[] = [];
  const add = async (name: string, path: string, variable: string): Promise<void> => {
    if (`unix://${path}` !== endpoint && (await firstThere([path], root)) !== undefined)
      lines.push(`${name} (${variable}=unix://${path})`);
  };
  for (const [path, name] of docker) await add(name, path, 'DOCKER_HOST');
  for (const { name, socketPath } of knownRuntimes)
    await add(name, socketPath, 'DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT');
  return lines;
}

/** The first path that can be seen. */
export async function firstThere<T extends string>(
  paths: readonly T[],
  root: string,
): Promise<T | undefined> {
  for (const path of paths) {
    try {
      await stat(`${root}${path}`);
      return path;
    } catch {
      // Not there, or not to be seen from here, which is the same for us.
    }
  }
  return undefined;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch {
    // No user is logged in, or not to be read.
    return [];
  }
}
