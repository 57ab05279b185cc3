/** Images that are pinned in the runtime, which containerd can since 1.7 (and does with its own sandbox image). */
import { describe, expect, it } from 'vitest';
import {
  criCleaner,
  criTags,
  deletedTags,
  importEach,
  keptCodes,
  type PlanJson,
} from '../../engine/cri/scenario.ts';
import { imagesOnBase } from '../../engine/scenario.ts';
import { listCriImages, sandboxImage, startContainerd } from '../../../harness/engine/containerd.ts';
import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { waitFor } from '../../../harness/machine/wait.ts';

describe.each([
  // containerd's reported configuration has changed: 2.1 leaves the sandbox image out, but pins it.
  ['trixie', 'sandbox-image'],
  ['sid', 'pinned'],
] as const)('on the containerd of %s', (suite, codeOfSandboxImage) => {
  it('pinned images and the sandbox image are kept without any pod, and plan says why', async () => {
    await using containerd = await startContainerd({ root: await engineRoot(suite) });
    await importEach(containerd, imagesOnBase({ pinned: 2, other: 2 }));
    await containerd.ctr([
      'images',
      'label',
      'docker.io/library/pinned:1',
      'io.cri-containerd.pinned=pinned',
    ]);
    await waitFor('the runtime to know of the pin', async () =>
      (await listCriImages(containerd)).some(
        ({ pinned, repo_tags: tags }) => pinned && tags.includes('docker.io/library/pinned:1'),
      ),
    );
    const plan = criCleaner(containerd, ['plan', '--json'], { high: 0.2, low: 0.1 });
    expect((await plan.exited).code).toBe(0);
    expect(keptCodes(plan.json<PlanJson>())).toEqual({
      'pinned:1': 'pinned',
      [sandboxImage]: codeOfSandboxImage,
    });
    const cli = criCleaner(containerd, ['run', '--once'], { high: 0.2, low: 0.1 });
    expect((await cli.exited).code).toBe(3);
    expect(deletedTags(cli)).toEqual(['other:1']);
    expect(await criTags(containerd)).toEqual(['pinned:1']);
    expect((await listCriImages(containerd)).flatMap(({ repo_tags: tags }) => tags)).toContain(sandboxImage);
  });
});
