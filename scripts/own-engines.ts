/**
 * `npm run test:engines -- --dockerd PATH`, `--containerd PATH`, `--podman PATH`, `--crio PATH` (or DOCKERD, CONTAINERD, PODMAN,
 * CRIO in the environment): which binaries those are, and which tests run on them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Ownable, ownable } from '../harness/machine/own-binaries.ts';

/** What a test that starts such an engine has in its text, itself or in a file of its folder that it imports. */
const started: Readonly<Record<Ownable, RegExp>> = {
  dockerd: /\bstartDockerEngine\b/,
  containerd: /\bstartContainerd\b/,
  podman: /\bstartPodman\b/,
  crio: /\bstartCrio\b/,
};

/** A sentence for people: the arguments are not understood. */
export class OwnEnginesError extends Error {}

/** Somebody's binaries by name; none where the arguments and the environment name none. @throws OwnEnginesError */
export function ownEngines(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Partial<Record<Ownable, string>>> {
  const options = Object.fromEntries(ownable.map((name) => [name, { type: 'string' as const }]));
  let values: Readonly<Record<string, string | boolean | undefined>>;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new OwnEnginesError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  const found: Partial<Record<Ownable, string>> = {};
  for (const name of ownable) {
    const given = values[name] ?? env[name.toUpperCase()] ?? '';
    if (typeof given !== 'string' || given === '') continue;
    if (!existsSync(given)) throw new OwnEnginesError(`--${name} ${given}: there is no such file.`);
    found[name] = resolve(given);
  }
  return found;
}

/** The files of a folder of tests, and of the folders in it, that start one of these engines. */
export function testsThatStart(names: readonly Ownable[], folder: string): readonly string[] {
  const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const starts = (text: string, which = names): boolean => which.some((name) => started[name].test(text));
  const others = ownable.filter((name) => !names.includes(name));
  const shared = files.filter((file) => !file.endsWith('.test.ts') && starts(textOf(file)));
  return files
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => {
      const text = textOf(file);
      // What starts another engine may still share a helper with those that start this one.
      if (starts(text) || starts(text, others)) return starts(text);
      return shared.some((name) => importsFrom(text, dirname(file)).includes(name));
    })
    .map((file) => join(folder, file));
}

/** What a file of a folder imports by a relative path, from the root of both. */
function importsFrom(text: string, folder: string): readonly string[] {
  return [...text.matchAll(/from '(\.{1,2}\/[^']+)'/g)].map(([, path = '']) => join(folder, path));
}
