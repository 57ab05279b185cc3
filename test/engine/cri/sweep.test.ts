/** The main job on a real containerd through CRI, on a disk that really fills up, with the real executable. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Containerd,
  type ContainerdOptions,
  listCriImages,
  startContainerd,
} from '../../../harness/engine/containerd.ts';
import {
  createPodContainer,
  removePod,
  removePodContainer,
  runPod,
  runPodWith,
  startPodContainer,
  stopPodContainer,
} from '../../../harness/engine/cri/pods.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { criCleaner, criTags, deletedTags, importEach, keptCodes, type PlanJson } from './scenario.ts';
import { imagesOnBase } from '../scenario.ts';

const MiB = 1024 * 1024;
let containerd: Containerd;

async function runtimeWith(options: ContainerdOptions = {}): Promise<Containerd> {
  containerd = await startContainerd(options);
  return containerd;
}

afterEach(async () => {
  await containerd.dispose();
});

async function planOf(settings: Readonly<Record<string, string>> = {}): Promise<PlanJson> {
  const cli = criCleaner(containerd, ['plan', '--json'], { high: 0.2, low: 0.1, settings });
  expect((await cli.exited).code).toBe(0);
  return cli.json<PlanJson>();
}

describe('a sweep under disk pressure', () => {
  it('deletes the biggest unused images until below LOW, and spares those of containers in every state', async () => {
    await runtimeWith({ disk: { sizeMiB: 300 } });
    const ids = await importEach(
      containerd,
      imagesOnBase({ running: 9, exited: 9, created: 9, big: 40, mid: 30, small: 6 }),
    );
    await runPodWith(containerd, 'runs', ids['running'] ?? '');
    const pod = await runPod(containerd, { name: 'ends' });
    const exited = await createPodContainer(containerd, pod, { image: 'exited:1', name: 'exited' });
    await startPodContainer(containerd, exited);
    await stopPodContainer(containerd, exited);
    await createPodContainer(containerd, pod, { image: ids['created'] ?? '', name: 'created' });
    const before = await containerd.disk.usage();
    expect(before.bytesPercent).toBeGreaterThan(65);

    const cli = criCleaner(containerd, ['run', '--once'], { high: 65, low: before.bytesPercent - 35 });
    expect(await cli.exited).toEqual({ code: 0, signal: null });
    expect(deletedTags(cli)).toEqual(['big:1', 'mid:1']);
    const after = await containerd.disk.usage();
    const report = await cli.waitForEvent('sweep.completed');
    expect(report).toMatchObject({
      deletedImages: 2,
      failedDeletions: 0,
      reachedLow: true,
      stoppedBecause: 'reached-low',
    });
    expect(
      Math.abs(Number(report['freedBytes']) - (after.availableBytes - before.availableBytes)),
    ).toBeLessThan(MiB);
    expect(await criTags(containerd)).toEqual(['created:1', 'exited:1', 'running:1', 'small:1']);
    // The path is right, so there is no warning.
    expect(cli.records.filter(({ event }) => event === 'config.warning')).toEqual([]);
  });

  it('drains a disk that is 100% full', async () => {
    await runtimeWith({ disk: { sizeMiB: 160 } });
    await importEach(containerd, imagesOnBase({ one: 24, two: 20 }));
    await containerd.disk.occupy('ballast', (await containerd.disk.usage()).availableBytes - 64 * 1024);
    expect((await containerd.disk.usage()).bytesPercent).toBeGreaterThan(99.9);
    const cli = criCleaner(containerd, ['run', '--once'], { high: 95, low: 80 });
    expect((await cli.exited).code).toBe(0);
    expect(deletedTags(cli)).toEqual(['one:1']);
    expect((await containerd.disk.usage()).bytesPercent).toBeLessThan(80);
  });

  it('deletes until inodes are below LOW', async () => {
    await runtimeWith({ disk: { sizeMiB: 300, inodes: 6000 } });
    const images = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`files${index}`, 1]));
    await importEach(containerd, imagesOnBase(images, { bytes: 100_000, files: 1000 }));
    expect((await containerd.disk.usage()).inodesPercent).toBeGreaterThan(65);
    const cli = criCleaner(containerd, ['run', '--once'], { high: 65, low: 50 });
    expect((await cli.exited).code).toBe(0);
    expect((await containerd.disk.usage()).inodesPercent).toBeLessThan(50);
  });
});

describe('names', () => {
  it('are deleted with the image, however many it has', async () => {
    await runtimeWith();
    const layers = { base: { bytes: 1000, shell: true }, one: { bytes: 2 * MiB } };
    await importEach(containerd, {
      layers,
      images: [{ tags: ['one:1', 'one:latest', 'quay.io/team/one:2'], layers: ['base', 'one'] }],
    });
    const cli = criCleaner(containerd, ['run', '--once'], { high: 0.2, low: 0.1 });
    expect((await cli.exited).code).toBe(3);
    expect(await criTags(containerd)).toEqual([]);
    const [deleted] = cli.records.filter(({ event }) => event === 'image.deleted');
    expect(deleted?.['references']).toEqual([
      'docker.io/library/one:1',
      'docker.io/library/one:latest',
      'quay.io/team/one:2',
    ]);
    // What only a name keeps is gone with it: content and snapshots.
    expect(await containerd.ctr(['content', 'ls', '--quiet'])).not.toBe('');
    const [, ...snapshots] = (await containerd.ctr(['snapshots', 'ls'])).trim().split('\n');
    expect(snapshots).toHaveLength(1);
  });
});

describe('what is never deleted', () => {
  it('is shown by plan with its code: in use, static pods, the sandbox image, labels, patterns', async () => {
    await runtimeWith();
    const ids = await importEach(containerd, {
      layers: { base: { bytes: 1000, shell: true } },
      images: [
        { tags: ['used:1'], layers: ['base'], labels: { n: '1' } },
        { tags: ['static:1'], layers: ['base'], labels: { n: '2' } },
        { tags: ['labelled:1'], layers: ['base'], labels: { 'docker-image-cleaner.keep': '' } },
        { tags: ['kept:1'], layers: ['base'], labels: { n: '3' } },
        { tags: ['goes:1'], layers: ['base'], labels: { n: '4' } },
      ],
    });
    // containerd 2 pins it, earlier ones name it.
    expect(keptCodes(await planOf())['registry.k8s.io/pause:3.8']).toMatch(/^(sandbox-image|pinned)$/);
    await runPodWith(containerd, 'user', ids['used'] ?? '');
    const control = await runPod(containerd, { name: 'control', isStatic: true });
    await createPodContainer(containerd, control, { image: ids['static'] ?? '' });
    const plan = await planOf({ KEEP: 'kept' });
    expect(keptCodes(plan)).toMatchObject({
      'used:1': 'in-use',
      'static:1': 'static-pod',
      'labelled:1': 'keep-label',
      'kept:1': 'keep-pattern',
      'registry.k8s.io/pause:3.8': 'static-pod',
    });
    const reason = plan.kept.find(({ references }) => references[0] === 'docker.io/library/static:1')?.reason;
    expect(reason).toBe('used by container control/main (created) of the static pod default/control');
  });

  it('is kept by a sweep that wants everything; and an image whose pod is gone is deleted', async () => {
    await runtimeWith();
    const ids = await importEach(containerd, imagesOnBase({ used: 2, gone: 2 }));
    const pod = await runPod(containerd, { name: 'gone' });
    await createPodContainer(containerd, pod, { image: ids['gone'] ?? '' });
    await runPodWith(containerd, 'user', ids['used'] ?? '');
    const first = criCleaner(containerd, ['run', '--once'], { high: 0.2, low: 0.1 });
    expect((await first.exited).code).toBe(3);
    expect(deletedTags(first)).toEqual([]);
    await removePod(containerd, pod);
    const second = criCleaner(containerd, ['run', '--once'], { high: 0.2, low: 0.1 });
    expect((await second.exited).code).toBe(3);
    expect(deletedTags(second)).toEqual(['gone:1']);
    const images = await listCriImages(containerd);
    expect(images.flatMap(({ repo_tags: tags }) => tags).sort()).toEqual([
      'docker.io/library/used:1',
      'registry.k8s.io/pause:3.8',
    ]);
  });

  it('is an image whose name a container gives, also when that is another image by now', async () => {
    await runtimeWith();
    const ids = await importEach(containerd, imagesOnBase({ first: 2, second: 2 }));
    const pod = await runPod(containerd, { name: 'pod' });
    await createPodContainer(containerd, pod, { image: 'docker.io/library/first:1' });
    await containerd.ctr([
      'images',
      'tag',
      '--force',
      'docker.io/library/second:1',
      'docker.io/library/first:1',
    ]);
    await waitFor('the runtime to know the name’s new image', async () => {
      const second = (await listCriImages(containerd)).find(({ id }) => id === ids['second']);
      return second?.repo_tags.includes('docker.io/library/first:1') === true;
    });
    const { victims, kept } = await planOf();
    expect(victims).toEqual([]);
    const inUse = kept.filter(({ code }) => code === 'in-use');
    expect(inUse.map(({ references }) => references)).toEqual(
      expect.arrayContaining([expect.arrayContaining(['docker.io/library/second:1'])]),
    );
  });
});

describe('the daemon', () => {
  it('sees when a container ends, and sweeps what it held', async () => {
    await runtimeWith();
    const ids = await importEach(containerd, imagesOnBase({ held: 8, other: 2 }));
    const pod = await runPod(containerd, { name: 'pod' });
    const container = await createPodContainer(containerd, pod, { image: ids['held'] ?? '' });
    const { bytesPercent } = await containerd.disk.usage();
    const daemon = criCleaner(containerd, ['run'], {
      high: bytesPercent - 5,
      low: bytesPercent - 6,
      settings: { INTERVAL_SECONDS: '1' },
    });
    await daemon.waitForEvent('sweep.skipped');
    expect(deletedTags(daemon)).toEqual(['other:1']);
    await removePodContainer(containerd, container);
    await daemon.waitForEvent((record) => record['reachedLow'] === true);
    expect(deletedTags(daemon)).toEqual(['other:1', 'held:1']);
    daemon.kill();
    expect((await daemon.exited).code).toBe(0);
  });

  it('says that CLEAN can only be images, and cleans those', async () => {
    await runtimeWith();
    const cli = criCleaner(containerd, ['status', '--json'], {
      high: 99,
      settings: { CLEAN: 'images,build-cache,stopped-containers' },
    });
    expect((await cli.exited).code).toBe(0);
    expect(cli.stderr).toContain('on a CRI runtime only images can be cleaned');
  });
});
