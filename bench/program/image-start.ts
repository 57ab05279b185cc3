/** How the container image starts the executable, read from the launcher: benches start it the same way. */
import { readFileSync } from 'node:fs';
import { runCli, type Cli } from '../../harness/program/cli.ts';

const root = new URL('../../', import.meta.url).pathname;
const launcher = readFileSync(`${root}packaging/docker-image-cleaner.sh`, 'utf8');

const nodeFlags = /^exec "\$place\/node" (.*) "\$place/m.exec(launcher)?.[1]?.split(' ') ?? [];
const launcherEnv = Object.fromEntries(
  [...launcher.matchAll(/(\w+)="\$\{\1:-(\w+)\}"/g)].map(([, name, value]) => [name, value]),
) as Readonly<Record<string, string>>;
if (nodeFlags.length === 0 || Object.keys(launcherEnv).length === 0)
  throw new Error('the launcher starts Node in a way that this does not understand');

/** Starts the bundle (`npm run build` made it) with the launcher's flags and environment, and these settings. */
export function startAsImage(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): Cli {
  const prefixed = Object.entries(settings).map(([name, value]) => [`DOCKER_IMAGE_CLEANER_${name}`, value]);
  return runCli(args, {
    script: `${root}dist/program.cjs`,
    nodeFlags,
    env: { ...launcherEnv, ...env, ...(Object.fromEntries(prefixed) as Record<string, string>) },
  });
}
