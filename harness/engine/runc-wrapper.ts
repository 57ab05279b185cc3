/**
 * A stand-in for runc that first drops what an unprivileged machine may not do: raising its own importance to the
 * out-of-memory killer and raising resource limits need CAP_SYS_RESOURCE, without which runc dies with an obscure
 * EOF. And a resource without a controller (cgroups v2 beside v1) cannot be limited: CRI-O limits its sandbox's own
 * container. It is called `runc` in the first folder of the engine's PATH, so containers and builds alike use it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { linkOwnBinaries } from '../machine/own-binaries.ts';
import { commandPath } from '../machine/packages.ts';

const rewrite = `
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const path = process.argv[2];
const config = JSON.parse(readFileSync(path, 'utf8'));
if (config.process?.oomScoreAdj < 0) config.process.oomScoreAdj = 0;
delete config.process?.rlimits;
const controllers = '/sys/fs/cgroup/cgroup.controllers';
if (existsSync(controllers)) {
  const here = readFileSync(controllers, 'utf8').split(/\\s+/);
  for (const name of ['cpu', 'memory', 'pids'])
    if (!here.includes(name)) delete config.linux?.resources?.[name];
}
writeFileSync(path, JSON.stringify(config));
`;

/** A shell script, since a \`#!\` line cannot hold every path a Node may have; Node runs only when a container is made. */
const script = (node: string, rewriter: string, runc: string): string => `#!/bin/sh
create=; bundle=; previous=
for argument; do
  case $argument in
    create | run) create=1 ;;
    --bundle=*) bundle=\${argument#--bundle=} ;;
  esac
  case $previous in --bundle | -b) bundle=$argument ;; esac
  previous=$argument
done
if [ -n "$create" ] && [ -n "$bundle" ]; then '${node}' '${rewriter}' "$bundle/config.json" || exit 1; fi
exec '${runc}' "$@"
`;

/**
 * Writes the stand-in below the folder and returns the folder to put first in PATH.
 * @param runtime the real one's path.
 */
export function writeRuncWrapper(folder: string, runtime = commandPath('runc')): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const rewriter = join(bin, 'rewrite.cjs');
  writeFileSync(rewriter, rewrite);
  writeFileSync(join(bin, basename(runtime)), script(process.execPath, rewriter, runtime), { mode: 0o755 });
  linkOwnBinaries(bin);
  return bin;
}
