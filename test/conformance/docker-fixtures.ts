/** Docker Engine of several versions and image stores. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { docker } from '../../harness/engine/docker-client.ts';
import { type DockerEngineOptions, startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { engineRoot, type Suite } from '../../harness/machine/engine-root.ts';
import { apiFixture } from './api-fixture.ts';
import type { Capabilities, EngineFixture } from './fixture.ts';

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

function engine(
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
      const started = await startDockerEngine({ disk, ...rest, ...root });
      return {
        ...apiFixture(started, { reusesLayers: options.containerdStore !== true }),
        async fillBuildCache() {
          const context = join(started.disk.workspace.path, 'context');
          mkdirSync(context);
          writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
          await docker(started, ['build', '--tag', 'localhost/built:1', context]);
        },
      };
    },
  };
}

/** A dockerd that somebody has, see harness/machine/own-binaries.ts: on both image stores, as far as it has them. */
export function ownDockers(program: string): readonly EngineFixture[] {
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' });
  const major = Number(/version (\d+)\./.exec(version)?.[1]);
  const capabilities: Capabilities = { ...classicStore, imageMounts: major >= 28 };
  const classic = engine(`${program}, overlay2`, /^Docker Engine /, capabilities);
  if (major < 28) return [{ ...classic, isOwn: true }];
  const contained = engine(
    `${program}, containerd store`,
    /^Docker Engine /,
    { ...capabilities, spaceAccount: 'as a whole' },
    { containerdStore: true },
  );
  return [classic, contained].map((fixture) => ({ ...fixture, isOwn: true }));
}

/** Debian 12's: what the distribution gives. */
export const docker20 = engine('Docker 20.10', /^Docker Engine 20\.10\./, classicStore);

export const docker26 = engine('Docker 26.1', /^Docker Engine 26\./, classicStore, { suite: 'trixie' });

export const docker28 = engine(
  'Docker 28',
  /^Docker Engine 28\./,
  { ...classicStore, imageMounts: true },
  { suite: 'sid' },
);

export const docker28Containerd = engine(
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
