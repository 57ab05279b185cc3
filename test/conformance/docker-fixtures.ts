/** Docker Engine of several versions and image stores. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DockerEngineOptions, startDockerEngine } from '../../harness/docker-engine.ts';
import { engineRoot, type Suite } from '../../harness/engine-root.ts';
import { apiFixture } from './api-fixture.ts';
import type { Capabilities, EngineFixture } from './fixture.ts';

const run = promisify(execFile);

const classicStore: Capabilities = {
  containerStates: ['created', 'running', 'paused', 'exited'],
  layerSizes: 'measured',
  spaceAccount: 'by kind',
  freedSpace: 'at once',
  deletesInUse: 'refuses',
  namelessImages: true,
  imageLabels: true,
  imageTimes: true,
  buildParents: true,
  imageMounts: false,
  stoppedContainers: true,
  buildCache: true,
  use: 'followed',
};

function docker(
  name: string,
  identity: RegExp,
  capabilities: Capabilities,
  options: Omit<DockerEngineOptions, 'disk' | 'root'> & { readonly suite?: Suite } = {},
): EngineFixture {
  return {
    name,
    identity,
    capabilities,
    async start(disk) {
      const { suite, ...rest } = options;
      const root = suite === undefined ? {} : { root: await engineRoot(suite) };
      const engine = await startDockerEngine({ disk, ...rest, ...root });
      return {
        ...apiFixture(engine, { reusesLayers: options.containerdStore !== true }),
        async fillBuildCache() {
          const context = join(engine.disk.workspace.path, 'context');
          mkdirSync(context);
          writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
          // Debian's client has BuildKit built in; a newer one earlier in PATH needs a plug-in.
          const args = ['-H', engine.dockerHost, 'build', '--tag', 'localhost/built:1', context];
          await run('/usr/bin/docker', args, { env: { ...process.env, DOCKER_BUILDKIT: '1' } });
        },
      };
    },
  };
}

/** Debian 12's: what the distribution gives. */
export const docker20 = docker('Docker 20.10', /^Docker Engine 20\.10\./, classicStore);

export const docker26 = docker('Docker 26.1', /^Docker Engine 26\./, classicStore, { suite: 'trixie' });

export const docker28 = docker(
  'Docker 28',
  /^Docker Engine 28\./,
  { ...classicStore, imageMounts: true },
  { suite: 'sid' },
);

export const docker28Containerd = docker(
  'Docker 28, containerd store',
  /^Docker Engine 28\./,
  {
    ...classicStore,
    layerSizes: 'measured',
    spaceAccount: 'as a whole',
    imageMounts: true,
  },
  { suite: 'sid', containerdStore: true },
);
