/**
 * Predictions where deletions depend on each other: images of the classic builder, which are based on untagged
 * images, and records of the build cache and stopped containers, which hold layers beside images.
 */
import { afterEach, describe, expect, it } from 'vitest';
import {
  type DockerEngine,
  type DockerEngineOptions,
  startDockerEngine,
} from '../../../harness/engine/docker-engine.ts';
import {
  listImages,
  listTags,
  removeImage,
  runContainer,
  waitForContainer,
} from '../../../harness/engine/engine-api.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { build, type Build, deletionsIn, expectTrue, settle } from './predictions.ts';
import { cleaner, deletedNames } from '../scenario.ts';

interface Plan {
  readonly victims: readonly {
    readonly kind: string;
    readonly id: string;
    readonly references: readonly string[];
    readonly predictedBytes: number;
    readonly predictedInodes: number;
  }[];
  readonly kept: readonly { readonly references: readonly string[]; readonly code: string }[];
}

const everything = { high: 0.2, low: 0.1 };
let engine: DockerEngine;

async function start(disk: DockerEngineOptions['disk'] = { sizeMiB: 300 }): Promise<void> {
  engine = await startDockerEngine({ disk });
  await loadImages(engine, {
    layers: { base: { bytes: 1e6, shell: true } },
    images: [{ tags: ['base:1'], layers: ['base'] }],
  });
}

afterEach(async () => {
  await engine.dispose();
});

const folders: Build['folders'] = {
  library: { files: 700, bytes: 6000 },
  first: { files: 1500, bytes: 1500 },
  second: { files: 2000, bytes: 1000 },
  big: { files: 1, bytes: 6e6 },
};
const classic = async (tag: string, dockerfile: readonly string[]): Promise<void> => {
  await build(engine, { tag, dockerfile, folders, builder: 'classic' });
};

describe.each(['biggest', 'reclaimable'])('images of the classic builder, policy %s', (policy) => {
  const settings = { POLICY: policy };

  it('free what was predicted, their nameless steps with the last image on them', async () => {
    await start();
    const library = ['FROM base:1', 'COPY library /library', 'ENV A=1'];
    // A step in the middle is an image with a name of its own, and two images share nameless steps above it.
    await classic('library:1', library);
    const shared = [...library, 'COPY big /big', 'RUN cat /big/0 > /copy'];
    await classic('first:1', [...shared, 'COPY first /first', 'CMD ["/bin/sh"]']);
    await classic('second:1', [...shared, 'COPY second /second']);
    settle(engine);
    const steps = (await listImages(engine, { all: true })).filter(({ RepoTags }) =>
      RepoTags?.every((tag) => tag === '<none>:<none>'),
    );
    expect(steps.length).toBeGreaterThanOrEqual(4);
    const planned = cleaner(engine, ['plan', '--json'], { ...everything, settings });
    expect((await planned.exited).code).toBe(0);
    const plan = planned.json<Plan>();

    const sweep = cleaner(engine, ['run', '--once'], { ...everything, settings });
    expect((await sweep.exited).code).toBe(3);
    const deleted = deletionsIn(sweep.records);
    expect(deletedNames(sweep).toSorted()).toEqual(['base:1', 'first:1', 'library:1', 'second:1']);
    expect(deleted.map(({ id }) => id)).toEqual(plan.victims.map(({ id }) => id));
    expectTrue(deleted);
    // The last of the two that share steps frees these as well: the file and its copy.
    const [one, other] = deleted
      .filter(({ references }) => /first|second/.test(String(references)))
      .map(({ predictedBytes }) => Number(predictedBytes));
    expect(one).toBeLessThan(6e6);
    expect(other).toBeGreaterThan(14e6);
    expect(await listImages(engine, { all: true })).toEqual([]);
  });

  it('whose name went to a newer build is nameless, and frees what was predicted as well', async () => {
    await start();
    await classic('moved:1', ['FROM base:1', 'COPY library /library', 'COPY first /first']);
    // The same name, from another step on; the old image is nameless now, and no step of the new one.
    await classic('moved:1', ['FROM base:1', 'COPY library /library', 'COPY second /second']);
    // Built on the new one: a parent and a child that both have names.
    await classic('child:1', ['FROM moved:1', 'COPY big /big']);
    settle(engine);
    const sweep = cleaner(engine, ['run', '--once'], { ...everything, settings });
    expect((await sweep.exited).code).toBe(3);
    const deleted = deletionsIn(sweep.records);
    expect(deleted).toHaveLength(4);
    expectTrue(deleted);
    const nameless = deleted.find(({ references }) => (references as string[]).length === 0);
    expect(Number(nameless?.['predictedInodes'])).toBeGreaterThan(1500);
    expect(await listTags(engine)).toEqual([]);
  });
});

describe('build-cache records and stopped containers', () => {
  const settings = {
    CLEAN: 'images,build-cache,stopped-containers',
    STOPPED_CONTAINER_AGE_SECONDS: '0',
  };

  it('free what was predicted at their places, in bytes and in inodes, as the plan has it', async () => {
    await start();
    const dockerfile = [
      'FROM base:1',
      'COPY library /library',
      'RUN cat /library/* > /all',
      'COPY first /first',
    ];
    await build(engine, { tag: 'built:1', dockerfile, folders, builder: 'buildkit' });
    const written = await runContainer(engine, 'built:1', {
      command: ['/bin/sh', '-c', 'i=0; while [ $i -lt 400 ]; do echo $i > /file$i; i=$((i+1)); done'],
    });
    await waitForContainer(engine, written);
    settle(engine);
    const planned = cleaner(engine, ['plan', '--json'], { ...everything, settings });
    expect((await planned.exited).code).toBe(0);
    const plan = planned.json<Plan>();
    expect(new Set(plan.victims.map(({ kind }) => kind))).toEqual(
      new Set(['image', 'build-cache', 'stopped-container']),
    );

    const sweep = cleaner(engine, ['run', '--once'], { ...everything, settings });
    expect((await sweep.exited).code).toBe(3);
    const deleted = deletionsIn(sweep.records);
    expect(deleted.map(({ id }) => id)).toEqual(plan.victims.map(({ id }) => id));
    expectTrue(deleted);
    // The files of the container, and, with the last that holds them, the layers.
    const container = deleted.find(({ event }) => event === 'container.deleted');
    expect(Number(container?.['predictedInodes'])).toBeGreaterThan(400);
    const records = deleted.filter(({ event }) => event === 'cache-record.deleted');
    expect(records.length).toBeGreaterThan(2);
    const inodes = deleted.reduce((sum, record) => sum + Number(record['predictedInodes']), 0);
    expect(inodes).toBeGreaterThan(400 + 700 + 1500);
  });

  it('count where inodes are scarce: the many small files are deleted, the one big file is kept', async () => {
    await start({ sizeMiB: 300, inodes: 6000 });
    for (const name of ['many', 'few']) {
      await build(engine, {
        tag: `${name}:1`,
        dockerfile: ['FROM base:1', `COPY ${name} /${name}`],
        folders: { many: { files: 2000, bytes: 100 }, few: { files: 1, bytes: 6e6 } },
        builder: 'buildkit',
      });
      await removeImage(engine, `${name}:1`);
    }
    settle(engine);
    const before = await engine.disk.usage();
    expect(before.inodesPercent).toBeGreaterThan(before.bytesPercent);
    const limits = { high: before.inodesPercent - 1, low: before.inodesPercent - 25 };
    const sweep = cleaner(engine, ['run', '--once'], {
      ...limits,
      settings: { CLEAN: 'build-cache', POLICY: 'reclaimable' },
    });
    expect((await sweep.exited).code).toBe(0);
    const deleted = deletionsIn(sweep.records);
    expectTrue(deleted);
    expect(await sweep.waitForEvent('sweep.completed')).toMatchObject({ reachedLow: true });
    const inodes = deleted.reduce((sum, record) => sum + Number(record['predictedInodes']), 0);
    expect(inodes).toBeGreaterThan(2000);
    const after = await engine.disk.usage();
    expect(after.availableBytes - before.availableBytes).toBeLessThan(6e6);
  });
});
