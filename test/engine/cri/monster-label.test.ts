/** On a CRI runtime: an image whose labels are larger than what is read of its configuration. */
import { afterEach, expect, it } from 'vitest';
import { type Containerd, startContainerd } from '../../../harness/engine/containerd.ts';
import { criCleaner, deletedTags, importEach } from './scenario.ts';

let containerd: Containerd;

afterEach(async () => {
  await containerd.dispose();
});

it('is deleted like any other, and the label that protects another one is read', async () => {
  containerd = await startContainerd({ disk: { sizeMiB: 300 } });
  await importEach(containerd, {
    layers: { base: { bytes: 3e6 }, top: { bytes: 6e6 } },
    images: [
      { tags: ['monster:1'], layers: ['base', 'top'], labels: { monster: 'z'.repeat(7_000_000) } },
      { tags: ['kept:1'], layers: ['base'], labels: { 'docker-image-cleaner.keep': 'true' } },
    ],
  });
  const cli = criCleaner(containerd, ['run', '--once'], { high: 0.2, low: 0.1 });
  expect((await cli.exited).code, cli.stderr).toBe(3);
  expect(deletedTags(cli)).toEqual(['monster:1']);
});
