/** Podman of several versions, through its Docker-compatible socket. */
import { engineRoot, type Suite } from '../../harness/machine/engine-root.ts';
import { throwStreamedError } from '../../harness/engine/images.ts';
import { startPodman } from '../../harness/engine/podman.ts';
import { apiFixture } from './api-fixture.ts';
import type { Capabilities, EngineFixture } from './fixture.ts';

const capabilities: Capabilities = {
  containerStates: ['created', 'running', 'paused', 'exited'],
  layerSizes: 'measured',
  spaceAccount: 'by kind',
  freedSpace: 'at once',
  deletesInUse: 'refuses',
  namelessImages: true,
  imageLabels: true,
  imageTimes: true,
  buildParents: false,
  imageMounts: true,
  stoppedContainers: true,
  buildCache: false,
  use: 'followed',
};

function podman(
  name: string,
  identity: RegExp,
  differing: Partial<Capabilities>,
  suite?: Suite,
): EngineFixture {
  return {
    name,
    identity,
    capabilities: { ...capabilities, ...differing },
    async start(disk) {
      const root = suite === undefined ? {} : { root: await engineRoot(suite) };
      return apiFixture(await startPodman({ disk, ...root }), {
        reusesLayers: false,
        // Its Docker-compatible pull insists on TLS; its own can be configured otherwise.
        pull: async (engine, image, digest) => {
          const query = `reference=${encodeURIComponent(`${image}@${digest}`)}&tlsVerify=false`;
          throwStreamedError((await engine.expect('POST', `/v4.0.0/libpod/images/pull?${query}`)).text);
        },
      });
    },
  };
}

/** A podman that somebody has, see harness/machine/own-binaries.ts. */
export function ownPodman(program: string): EngineFixture {
  return { ...podman(program, /^Podman Engine /, {}), isOwn: true };
}

/** Debian 12's: what the distribution gives. */
export const podman4 = podman('Podman 4.3', /^Podman Engine 4\.3\./, {});

export const podman5 = podman('Podman 5.8', /^Podman Engine 5\.8\./, {}, 'sid');

export const podman6 = podman('Podman 6.1', /^Podman Engine 6\.1\./, {}, 'experimental');
