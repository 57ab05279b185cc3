/** The suite on engine binaries that somebody has: `npm run test:engines -- --dockerd PATH` and the like. */
import { expect, it } from 'vitest';
import { ownBinary, ownable } from '../../../harness/machine/own-binaries.ts';
import { knowsArrivals } from '../arrival.ts';
import { deletesBuildChains } from '../build-chain.ts';
import { ownContainerd } from '../containerd-fixtures.ts';
import { followsUse } from '../cri-history.ts';
import { ownCrios } from '../crio-fixtures.ts';
import { ownDockers } from '../docker-fixtures.ts';
import { ownPodman } from '../podman-fixtures.ts';
import { conform } from '../suite.ts';

it('needs the paths of the binaries', () => {
  expect(ownable.some((name) => ownBinary(name)?.startsWith('/'))).toBe(true);
});

const dockerd = ownBinary('dockerd');
if (dockerd !== undefined) {
  for (const fixture of ownDockers(dockerd)) conform(fixture);
  knowsArrivals(dockerd, () => Promise.resolve({}));
  deletesBuildChains(dockerd, () => Promise.resolve({}));
}
const containerd = ownBinary('containerd');
if (containerd !== undefined) {
  const { fixture, hasStream } = ownContainerd(containerd);
  conform(fixture);
  followsUse(containerd, hasStream);
}
const podman = ownBinary('podman');
if (podman !== undefined) conform(ownPodman(podman));
const crio = ownBinary('crio');
if (crio !== undefined) for (const fixture of ownCrios(crio)) conform(fixture);
