/** How the container image starts the executable, read from the Dockerfile: benches start it the same way. */
import { readFileSync } from 'node:fs';
import { runCli, type Cli } from '../test/harness/cli.ts';

const root = new URL('../', import.meta.url).pathname;
const dockerfile = readFileSync(`${root}Dockerfile`, 'utf8');

const entrypoint = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as readonly string[];
const nodeFlags = entrypoint.filter((part) => part.startsWith('--'));
const imageEnv = Object.fromEntries(
  (/^ENV (.*)$/m.exec(dockerfile)?.[1] ?? '').split(' ').map((pair) => pair.split('=', 2)),
) as Readonly<Record<string, string>>;
if (nodeFlags.length === 0)
  throw new Error('the Dockerfile starts Node in a way that this does not understand');

/** Starts the bundle (`npm run build` made it) with the image's flags and environment, and these settings. */
export function startAsImage(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): Cli {
  const prefixed = Object.entries(settings).map(([name, value]) => [`DOCKER_IMAGE_CLEANER_${name}`, value]);
  return runCli(args, {
    script: `${root}dist/program.cjs`,
    nodeFlags,
    env: { ...imageEnv, ...env, ...(Object.fromEntries(prefixed) as Record<string, string>) },
  });
}
