/** containerd through CRI, the packages' versions and one that somebody has. */
import { execFileSync } from 'node:child_process';
import {
  type Containerd,
  importImages,
  importSandboxImage,
  sandboxImage,
  startContainerd,
} from '../../harness/engine/containerd.ts';
import { engineRoot, type Suite } from '../../harness/machine/engine-root.ts';
import { waitFor } from '../../harness/machine/wait.ts';
import { criUnderTest, tagsOf } from './cri-under-test.ts';
import type { Capabilities, EngineFixture, EngineUnderTest } from './fixture.ts';

const capabilities: Capabilities = {
  containerStates: ['created', 'running', 'exited'],
  layerSizes: 'measured',
  spaceAccount: 'as a whole',
  freedSpace: 'at once',
  deletesInUse: 'deletes',
  namelessImages: false,
  imageLabels: true,
  imageTimes: true,
  buildParents: false,
  imageMounts: false,
  stoppedContainers: false,
  buildCache: false,
  use: 'followed',
};

function containerd(
  name: string,
  identity: RegExp,
  options: { readonly suite?: Suite; readonly capabilities?: Partial<Capabilities> } = {},
): EngineFixture {
  return {
    name,
    identity,
    capabilities: { ...capabilities, ...options.capabilities },
    async start(disk) {
      const root = options.suite === undefined ? {} : { root: await engineRoot(options.suite) };
      return underTest(await startContainerd({ disk, ...root, withoutSandboxImage: true }));
    },
  };
}

function underTest(engine: Containerd): EngineUnderTest {
  const remove = (image: string): Promise<unknown> =>
    engine.cri.call('ImageService/RemoveImage', { image: { image } });
  return criUnderTest(engine, {
    // A pod's sandbox uses one.
    imagesOfItsOwn: 1,
    loadImages: (spec) => importImages(engine, spec),
    loadSandbox: () => importSandboxImage(engine),
    removeSandbox: () => remove(sandboxImage),

    async tag(image, reference) {
      await engine.ctr(['images', 'tag', image, reference]);
      await waitFor('the runtime to know the name', async () => (await tagsOf(engine)).includes(reference));
    },
    makeNameless: () => Promise.reject(new Error('An image without a name is gone.')),

    async moveToRegistry(image, name) {
      const pushed = `${name}:1`;
      await engine.ctr(['images', 'tag', image, pushed]);
      await engine.ctr(['images', 'push', '--plain-http', pushed]);
      const list = await engine.ctr(['images', 'ls', `name==${pushed}`]);
      const digest = /sha256:[0-9a-f]{64}/.exec(list)?.[0];
      if (digest === undefined) throw new Error(`No digest in: ${list}`);
      await remove(image);
      return digest;
    },

    async removeUnforced(image) {
      await remove(image);
      return (await tagsOf(engine)).includes(image) ? 'refused' : 'removed';
    },
  });
}

/** A containerd that somebody has, see harness/machine/own-binaries.ts; and whether it reports its events. */
export function ownContainerd(program: string): {
  readonly fixture: EngineFixture;
  readonly hasStream: boolean;
} {
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' });
  const [, major = '', minor = ''] = /\sv?(\d+)\.(\d+)\./.exec(version) ?? [];
  const isFrom = (otherMajor: number, otherMinor: number): boolean =>
    Number(major) > otherMajor || (Number(major) === otherMajor && Number(minor) >= otherMinor);
  const imageMounts = isFrom(2, 1);
  const fixture = containerd(program, /^containerd /, { capabilities: { imageMounts } });
  return { fixture: { ...fixture, isOwn: true }, hasStream: isFrom(1, 7) };
}

/** Debian 12's: what the distribution gives. */
export const containerd16 = containerd('containerd 1.6', /^containerd 1\.6\./);
export const containerd17 = containerd('containerd 1.7', /^containerd 1\.7\./, { suite: 'trixie' });
export const containerd21 = containerd('containerd 2.1', /^containerd 2\.1\./, {
  suite: 'sid',
  capabilities: { imageMounts: true },
});
