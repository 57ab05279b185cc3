/** What people protect is kept, on a real engine with the real executable; and what status shows. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { docker } from '../../../harness/engine/docker-client.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import {
  hasImage,
  listTags,
  removeContainer,
  removeImage,
  runContainer,
  tagImage,
} from '../../../harness/engine/engine-api.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

const everything = { high: 0.2, low: 0.1 };
const hour = 3600;

interface PlanJson {
  readonly victims: readonly { readonly id: string; readonly references: readonly string[] }[];
  readonly kept: readonly { readonly id: string; readonly code: string; readonly reason: string }[];
  readonly dataRoot: { readonly code: string; readonly message: string } | null;
  readonly layerSource: string;
}

interface StatusJson extends Pick<PlanJson, 'dataRoot' | 'layerSource'> {
  readonly space: {
    readonly total: { readonly bytes: number; readonly inodes: number };
    readonly parts: Readonly<Record<string, { readonly bytes: number; readonly inodes: number }>>;
  } | null;
  readonly spaceProblem: string | null;
  readonly images: readonly {
    readonly id: string;
    readonly tags: readonly string[];
    readonly uniqueBytes: number;
    readonly sharedBytes: number;
    readonly exact: boolean;
    readonly appearedAt: string | null;
  }[];
}

let engine: DockerEngine;
const undo: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 300 } });
});
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
  for (const tag of await listTags(engine)) await removeImage(engine, tag);
  // Nameless build steps that were kept.
  await engine.expect('POST', '/images/prune');
});
afterAll(async () => {
  await engine.dispose();
});

async function json<T>(command: string, settings: Readonly<Record<string, string>> = {}): Promise<T> {
  const cli = cleaner(engine, [command, '--json'], { ...everything, settings });
  const { code } = await cli.exited;
  expect(code, cli.stderr).toBe(0);
  return cli.json<T>();
}

/** Builds with the classic builder; returns the image's ID. */
async function build(name: string, lines: readonly string[], files: readonly string[]): Promise<string> {
  const folder = join(engine.disk.workspace.path, name);
  mkdirSync(folder);
  undo.push(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'Dockerfile'), lines.join('\n'));
  for (const file of files) writeFileSync(join(folder, file), Buffer.alloc(3e6, file));
  const args = ['build', '-q', '--network', 'none', '-t', `${name}:1`, folder];
  return (await docker(engine, args, { builder: 'classic' })).trim();
}

/** Makes the engine's records of an image as old as this. */
function age(id: string, seconds: number): void {
  const then = Date.now() / 1000 - seconds;
  const database = join(engine.dataRoot, 'image/overlay2/imagedb');
  utimesSync(join(database, 'content/sha256', id.slice(7)), then, then);
  const updated = join(database, 'metadata/sha256', id.slice(7), 'lastUpdated');
  try {
    utimesSync(updated, then, then);
  } catch (error) {
    // Only images that were given a name by hand have it.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

describe('a sweep spares', () => {
  it('what patterns, the label and the rank in the repository protect, and the plan says which rule', async () => {
    const spec = imagesOnBase({ byname: 5, bydigest: 4, byexpression: 3, plain: 6, used: 2 });
    for (const version of [1, 2, 3]) {
      spec.layers[`version${version}`] = { bytes: 1e6 };
      spec.images.push({
        tags: [`rank:${version}`],
        layers: ['base', `version${version}`],
        created: `2024-01-0${version}T00:00:00Z`,
      });
    }
    spec.layers['labelled'] = { bytes: 1e6 };
    spec.images.push({
      tags: ['labelled:1'],
      layers: ['base', 'labelled'],
      labels: { 'docker-image-cleaner.keep': 'true' },
    });
    const ids = await load(engine, spec);
    // Loaded within moments of each other: their order of arrival is made explicit.
    for (const version of [1, 2, 3]) {
      const id = (await json<StatusJson>('status')).images.find(({ tags }) =>
        tags.includes(`rank:${version}`),
      )?.id;
      age(id ?? '', hour * (10 - version));
    }
    const container = await runContainer(engine, 'used:1');
    undo.push(() => removeContainer(engine, container));
    const settings = {
      KEEP: `docker.io/library/byname,\n ${ids['bydigest']?.slice(0, 19)} re:^byexp[a-z]{1,20}:`,
      KEEP_LAST: '2',
    };
    // Each other repository has one image, which would be the newest of it.
    const byRank = await json<PlanJson>('plan', { KEEP_LAST: '2' });
    expect(byRank.victims.map(({ references }) => references)).toEqual([['rank:1']]);

    const planned = await json<PlanJson>('plan', { KEEP: settings.KEEP });
    const codes = new Map(planned.kept.map(({ id, code }) => [id, code]));
    expect(codes.get(ids['byname'] ?? '')).toBe('keep-pattern');
    expect(codes.get(ids['bydigest'] ?? '')).toBe('keep-pattern');
    expect(codes.get(ids['byexpression'] ?? '')).toBe('keep-pattern');
    expect(codes.get(ids['labelled'] ?? '')).toBe('keep-label');
    expect(codes.get(ids['used'] ?? '')).toBe('in-use');
    const reason = planned.kept.find(({ id }) => id === ids['byname'])?.reason;
    expect(reason).toBe('the pattern docker.io/library/byname protects it');

    const sweep = cleaner(engine, ['run', '--once'], { ...everything, settings: { KEEP: settings.KEEP } });
    expect((await sweep.exited).code).toBe(3);
    expect([...deletedNames(sweep)].sort()).toEqual(['plain:1', 'rank:1', 'rank:2', 'rank:3']);
    expect(await listTags(engine)).toEqual([
      'bydigest:1',
      'byexpression:1',
      'byname:1',
      'labelled:1',
      'used:1',
    ]);
    const remaining = (await sweep.waitForEvent('sweep.completed'))['remaining'] as string[];
    expect(remaining.join('\n')).toContain('4 unused images protected');
  });

  it('what arrived too recently, however old it is; it is deleted once it is old enough', async () => {
    const ids = await load(engine, imagesOnBase({ young: 5, old: 4, renamed: 3 }));
    for (const name of ['old', 'renamed']) age(ids[name] ?? '', 2 * hour);
    await tagImage(engine, 'renamed:1', 'renamed:2');
    const settings = { MIN_AGE_SECONDS: String(hour), INTERVAL_SECONDS: '1' };
    const planned = await json<PlanJson>('plan', settings);
    expect(planned.victims.map(({ id }) => id)).toEqual([ids['old']]);
    expect(new Map(planned.kept.map(({ id, code }) => [id, code]))).toEqual(
      new Map([
        [ids['young'], 'min-age'],
        [ids['renamed'], 'min-age'],
      ]),
    );

    const daemon = cleaner(engine, ['run'], { ...everything, settings });
    undo.push(() => daemon.dispose());
    await daemon.waitForEvent('sweep.skipped');
    expect(deletedNames(daemon)).toEqual(['old:1']);
    age(ids['young'] ?? '', 2 * hour);
    await daemon.waitForEvent((record) => record.event === 'image.deleted' && record['id'] === ids['young']);
    expect(await hasImage(engine, 'renamed:1')).toBe(true);
  });

  it('a protected untagged step of a classic build, whose child is deleted', async () => {
    await load(engine, imagesOnBase({ from: 1 }));
    const lines = [
      'FROM from:1',
      'COPY one /one',
      'LABEL docker-image-cleaner.keep=true',
      'LABEL docker-image-cleaner.keep=false',
      'COPY two /two',
    ];
    const id = await build('built', lines, ['one', 'two']);
    const { kept, victims } = await json<PlanJson>('plan');
    const step = kept.find(({ code }) => code === 'keep-label');
    expect(victims.map((victim) => victim.id)).toEqual([id]);
    const sweep = cleaner(engine, ['run', '--once'], everything);
    expect((await sweep.exited).code).toBe(3);
    expect(deletedNames(sweep)).toEqual(['built:1']);
    expect(await hasImage(engine, step?.id ?? '')).toBe(true);
    expect(await hasImage(engine, id)).toBe(false);
    const deleted = await sweep.waitForEvent('image.deleted');
    // The last COPY is deleted, what the step holds is kept.
    expect(Number(deleted['predictedBytes'])).toBeGreaterThan(2.9e6);
    expect(Number(deleted['predictedBytes'])).toBeLessThan(3.2e6);
    expect(Math.abs(Number(deleted['freedBytes']) - Number(deleted['predictedBytes']))).toBeLessThan(
      1024 ** 2,
    );
    const rest = await json<PlanJson>('plan');
    expect(rest.kept.map(({ code }) => code)).toContain('keep-label');
  });
});

describe('status', () => {
  it('accounts for the whole filesystem, and says what each image shares', async () => {
    const ids = await load(engine, imagesOnBase({ one: 10, two: 5 }));
    const container = await runContainer(engine, 'one:1');
    undo.push(() => removeContainer(engine, container));
    execFileSync('sync', ['-f', engine.dataRoot]);
    const status = await json<StatusJson>('status');
    const { space } = status;
    if (space === null) throw new Error(status.spaceProblem ?? 'no reason given');
    const answer = statfsSync(engine.dataRoot);
    expect(space.total).toEqual({ bytes: answer.blocks * answer.bsize, inodes: answer.files });
    for (const what of ['bytes', 'inodes'] as const) {
      const sum = Object.values(space.parts).reduce((total, part) => total + part[what], 0);
      expect(Math.abs(sum - space.total[what])).toBeLessThanOrEqual(space.total[what] / 100);
    }
    expect(space.parts['imagesInUse']?.bytes).toBeGreaterThan(10 * 1024 ** 2);
    expect(space.parts['imagesUnused']?.bytes).toBeGreaterThan(5 * 1024 ** 2);
    expect(space.parts['imagesUnused']?.bytes).toBeLessThan(5.5 * 1024 ** 2);
    const two = status.images.find(({ id }) => id === ids['two']);
    expect(two?.exact).toBe(true);
    // What is freed with the layer, its records in the engine included.
    const unused = space.parts['imagesUnused']?.bytes ?? 0;
    expect(Math.abs((two?.uniqueBytes ?? 0) - unused)).toBeLessThanOrEqual(unused / 100);
    // The base with its shell.
    expect(two?.sharedBytes).toBeGreaterThan(1e6);
    expect(Date.now() - Date.parse(two?.appearedAt ?? '')).toBeLessThan(hour * 1000);
    expect(status).toMatchObject({ layerSource: 'measured on the disk', dataRoot: null, spaceProblem: null });

    const text = cleaner(engine, ['status'], everything);
    expect((await text.exited).code).toBe(0);
    expect(text.stdout).toMatch(/images unused +\[█*·+\] +5\.\d+ MB/);
    expect(text.stdout).toContain('layer sizes: measured on the disk');
    expect(text.stdout).not.toContain('warning');
  });

  it('says in a sentence why the space is unknown, and continues', async () => {
    await load(engine, imagesOnBase({ one: 1 }));
    const folder = join(engine.dataRoot, 'containers', 'odd');
    mkdirSync(join(folder, 'config.v2.json'), { recursive: true });
    undo.push(() => {
      rmSync(folder, { recursive: true });
    });
    const status = await json<StatusJson>('status');
    expect(status.space).toBeNull();
    expect(status.spaceProblem).toContain(join(folder, 'config.v2.json'));
    expect(status.images).toHaveLength(1);
    const text = cleaner(engine, ['status'], everything);
    expect((await text.exited).code).toBe(0);
    expect(text.stdout).toContain(status.spaceProblem ?? 'a reason');
  });

  it.each(['status', 'plan'])(
    '%s says that the path is not where the engine keeps its images',
    async (command) => {
      await load(engine, imagesOnBase({ one: 1 }));
      for (const [path, code] of [
        [engine.disk.path, 'another-folder'],
        [engine.disk.workspace.path, 'another-filesystem'],
      ] as const) {
        const answer = await json<PlanJson>(command, { PATH_TO_CHECK: path });
        expect(answer.dataRoot?.code).toBe(code);
        expect(answer.layerSource).toContain('estimated');
        const text = cleaner(engine, [command], { ...everything, settings: { PATH_TO_CHECK: path } });
        expect((await text.exited).code).toBe(0);
        expect(text.stdout).toContain(`warning: ${answer.dataRoot?.message}`);
      }
    },
  );

  it('the daemon logs it once', async () => {
    await load(engine, imagesOnBase({ one: 1 }));
    const settings = { PATH_TO_CHECK: engine.disk.path, INTERVAL_SECONDS: '1' };
    const daemon = cleaner(engine, ['run'], { high: 99, low: 98, settings });
    undo.push(() => daemon.dispose());
    await daemon.waitForEvent('check.completed');
    await daemon.waitForEvent('check.completed', { since: daemon.records.length });
    const warnings = daemon.records.filter(({ event }) => event === 'config.warning');
    expect(warnings.map((warning) => String(warning['msg']))).toEqual([
      expect.stringContaining(
        `${engine.disk.path} is not where the engine keeps its images, ${engine.dataRoot}`,
      ),
    ]);
  });
});
