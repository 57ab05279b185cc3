/**
 * The conformance suite: what the executable does on every engine, written once. A file beside this one runs it on a
 * fixture. What may differ between engines is a capability, and a test shows which way it is.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatCount } from '../../src/core/model/format.ts';
import { type Cli, type LogRecord } from '../../harness/program/cli.ts';
import type { ImageSpec, LayerSpec, StoreSpec } from '../../harness/engine/images.ts';
import { waitFor } from '../../harness/machine/wait.ts';
import { type CleanerOptions, cleaner, deletedNames } from '../../harness/program/cleaner.ts';
import { type Behaviour, behaviours, type Findings, readRecorded, writeFindings } from './findings.ts';
import type { Capabilities, ContainerState, EngineFixture, EngineUnderTest, Holder } from './fixture.ts';

const MiB = 1024 * 1024;
const allStates: readonly ContainerState[] = ['created', 'running', 'paused', 'exited'];

interface StatusImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly parentId: string | null;
  readonly sizeBytes: number;
  readonly uniqueBytes: number;
  readonly sharedBytes: number;
  readonly exact: boolean;
  readonly createdAt: string | null;
  readonly inUse: boolean;
  readonly usedBy: readonly { readonly name: string; readonly state: string }[];
}
interface Status {
  readonly engine: { readonly name: string; readonly version: string; readonly apiVersion: string };
  readonly usage: { readonly bytes: { readonly percentUsed: number } };
  readonly dataRoot: { readonly code: string; readonly message: string } | null;
  readonly layerSource: string;
  readonly space: {
    readonly total: { readonly bytes: number };
    readonly parts: Readonly<Record<string, { readonly bytes: number }>>;
  } | null;
  readonly spaceProblem: string | null;
  readonly images: readonly StatusImage[];
}
interface Plan {
  readonly victims: readonly {
    readonly kind: string;
    readonly id: string;
    readonly references: readonly string[];
    readonly predictedBytes: number;
    readonly reason: string;
  }[];
  readonly kept: readonly { readonly references: readonly string[]; readonly code: string }[];
  readonly predicted: { readonly freedBytes: number; readonly reachesLow: boolean };
}

/** Names with one layer of the size each, on a base with a shell and what `below` names. */
function store(
  sizesMiB: Readonly<Record<string, number>>,
  below: Readonly<Record<string, readonly string[]>> = {},
  labels: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): StoreSpec {
  const layers: Record<string, LayerSpec> = { base: { bytes: 1000, shell: true } };
  const images: ImageSpec[] = [];
  for (const [name, size] of Object.entries(sizesMiB)) {
    layers[name] = { bytes: Math.round(size * MiB), files: 20 };
    if (name.startsWith('layer')) continue;
    images.push({
      tags: [tagOf(name)],
      layers: ['base', ...(below[name] ?? []), name],
      ...(labels[name] && { labels: labels[name] }),
    });
  }
  return { layers, images };
}

const tagOf = (name: string): string => `localhost/${name}:1`;
const named = (images: readonly StatusImage[], name: string): StatusImage => {
  const image = images.find(({ tags }) => tags.includes(tagOf(name)));
  if (image === undefined) throw new Error(`${tagOf(name)} is not listed.`);
  return image;
};

/** Everything wanted gone. */
const drain = { high: 0.2, low: 0.1 } as const;

/** Registers the suite for an engine. */
export function conform(fixture: EngineFixture): void {
  const shown: Partial<Record<keyof Capabilities, unknown>> = {};
  const done = new Set<Behaviour>();
  let said: Status['engine'] | undefined;
  let engine: EngineUnderTest;

  /** Asserts a capability as it was seen, there or not, and records it. */
  function show<K extends keyof Capabilities>(key: K, seen: Capabilities[K]): void {
    expect({ [key]: seen }).toEqual({ [key]: fixture.capabilities[key] });
    shown[key] = seen;
  }

  function clean(args: readonly string[], options: CleanerOptions = {}): Cli {
    return cleaner({ dataRoot: engine.dataRoot, env: engine.env }, args, options);
  }
  async function jsonOf<T>(args: readonly string[], options: CleanerOptions = {}): Promise<T> {
    const cli = clean([...args, '--json'], options);
    expect(await cli.exited, cli.stderr).toEqual({ code: 0, signal: null });
    return cli.json<T>();
  }
  const status = (): Promise<Status> => jsonOf<Status>(['status']);
  const plan = (options: CleanerOptions = drain): Promise<Plan> => jsonOf<Plan>(['plan'], options);
  const victimNames = ({ victims }: Plan): string[] =>
    victims.map(({ id, references }) => references[0] ?? id);
  /** One sweep, to its end. */
  async function sweep(code: 0 | 3, options: CleanerOptions = drain): Promise<Cli> {
    const cli = clean(['run', '--once'], options);
    expect((await cli.exited).code, cli.stderr).toBe(code);
    return cli;
  }

  describe(fixture.name, () => {
    describe('what is there', () => {
      const sizes = { layerLib: 8, one: 4, two: 3, big: 20, labelled: 2, lonely: 2 };
      const held = Object.fromEntries(allStates.map((state) => [`held-${state}`, 2]));

      beforeAll(async () => {
        engine = await fixture.start({ sizeMiB: 400 });
        const on = ['layerLib'];
        await engine.load(
          store(
            { ...sizes, ...held },
            { one: on, two: on },
            { labelled: { 'docker-image-cleaner.keep': 'yes' } },
          ),
        );
      });
      afterAll(async () => {
        await engine.dispose();
      });

      it('connects, and lists every image with its names, size, time and what it shares', async () => {
        const seen = await status();
        said = seen.engine;
        expect(`${seen.engine.name} ${seen.engine.version}`).toMatch(fixture.identity);
        expect(seen.engine.apiVersion).not.toBe('');
        expect(seen.dataRoot).toBeNull();
        expect(seen.images.flatMap(({ tags }) => tags).sort()).toEqual(await engine.tags());
        const { sizeBytes } = named(seen.images, 'big');
        // Content stored twice (compressed and unpacked) counts twice.
        expect(sizeBytes).toBeGreaterThan(20 * MiB);
        expect(sizeBytes).toBeLessThan(2.3 * 22 * MiB);
        show('imageTimes', named(seen.images, 'big').createdAt === '2024-01-01T00:00:00.000Z');

        const [one, two] = [named(seen.images, 'one'), named(seen.images, 'two')];
        expect([one.parentId, two.parentId]).toEqual([null, null]);
        const isExact = seen.images.every(({ exact }) => exact);
        const isKnown = seen.images.every(({ uniqueBytes }) => uniqueBytes > 0);
        show('layerSizes', isExact ? 'measured' : isKnown ? 'estimated' : 'unknown');
        expect(seen.layerSource).toContain(isExact ? 'measured on the disk' : 'estimated');
        if (isKnown) {
          for (const [image, size] of [[one, 4] as const, [two, 3] as const]) {
            expect(image.uniqueBytes).toBeGreaterThan(size * MiB * 0.99);
            expect(image.uniqueBytes).toBeLessThan(size * MiB * 2.2);
            expect(image.sharedBytes).toBeGreaterThan(8 * MiB);
          }
        }
        done.add('lists');
      });

      it('keeps every image that a container holds, whatever its state, and says who', async () => {
        const holders: Holder[] = [];
        for (const state of fixture.capabilities.containerStates)
          holders.push(await engine.hold(tagOf(`held-${state}`), state));
        const { images } = await status();
        const states: ContainerState[] = [];
        for (const state of allStates) {
          const [user] = named(images, `held-${state}`).usedBy;
          if (user === undefined) continue;
          expect(user.state).toBe(state);
          expect(holders.map(({ name }) => name)).toContain(user.name);
          states.push(state);
        }
        show('containerStates', states);
        const planned = await plan();
        for (const state of states) {
          expect(victimNames(planned)).not.toContain(tagOf(`held-${state}`));
          const kept = planned.kept.find(({ references }) => references.includes(tagOf(`held-${state}`)));
          expect(kept?.code).toBe('in-use');
        }
        const running = await engine.removeUnforced(tagOf('held-running'));
        show('deletesInUse', running === 'refused' ? 'refuses' : 'deletes');
        for (const holder of holders) await holder.release();
        expect((await status()).images.filter(({ inUse }) => inUse)).toEqual([]);
        done.add('inUse');
      });

      it('knows an image that is only mounted, where that can be', async () => {
        const holder = await engine.mount(tagOf('lonely'), tagOf('big'));
        try {
          const { images } = await status();
          expect(named(images, 'lonely').inUse).toBe(holder !== undefined);
          show('imageMounts', holder !== undefined);
        } finally {
          await holder?.release();
        }
      });

      it('keeps what patterns and labels protect', async () => {
        const planned = await plan({ ...drain, settings: { KEEP: 'localhost/big' } });
        const codeOf = (name: string): string | undefined =>
          planned.kept.find(({ references }) => references.includes(tagOf(name)))?.code;
        expect(victimNames(planned)).not.toContain(tagOf('big'));
        expect(codeOf('big')).toBe('keep-pattern');
        show('imageLabels', codeOf('labelled') === 'keep-label');
        expect(victimNames(planned)).toContain(tagOf('lonely'));
        done.add('keeps');
      });

      it('shows where the space is, in parts that add up to the filesystem', async () => {
        const { space, spaceProblem } = await status();
        expect(spaceProblem).toBeNull();
        if (space === null) throw new Error('no account');
        const sum = Object.values(space.parts).reduce((bytes, part) => bytes + part.bytes, 0);
        expect(Math.abs(sum - space.total.bytes)).toBeLessThan(2 * MiB);
        const images = (space.parts['imagesUnused']?.bytes ?? 0) + (space.parts['imagesInUse']?.bytes ?? 0);
        if (images > 0) expect(images).toBeGreaterThan(40 * MiB);
        else expect(space.parts['unknown']?.bytes ?? 0).toBeGreaterThan(40 * MiB);
        show('spaceAccount', images > 0 ? 'by kind' : 'as a whole');
      });

      it('knows the image that another was made from, where the engine ties them', async () => {
        await engine.buildOn(tagOf('lonely'), tagOf('child'));
        const { images } = await status();
        const [parent, child] = [named(images, 'lonely'), named(images, 'child')];
        show('buildParents', child.parentId === parent.id);
        const holder = await engine.hold(tagOf('child'), 'created');
        const { kept } = await plan();
        const code = kept.find(({ references }) => references.includes(tagOf('lonely')))?.code;
        // Not tied, it may still free nothing.
        expect(code === 'child-stays').toBe(fixture.capabilities.buildParents);
        await holder.release();
      });

      it('finds stopped containers and build-cache records, where the engine has them', async () => {
        const holder = await engine.hold(tagOf('big'), 'exited');
        await engine.fillBuildCache?.();
        const settings = {
          CLEAN: 'images,stopped-containers,build-cache',
          STOPPED_CONTAINER_AGE_SECONDS: '0',
        };
        const kinds = new Set((await plan({ ...drain, settings })).victims.map(({ kind }) => kind));
        show('stoppedContainers', kinds.has('stopped-container'));
        show('buildCache', kinds.has('build-cache'));
        const cli = await sweep(3, { ...drain, settings });
        const deleted = (event: string): boolean => cli.records.some((record) => record.event === event);
        expect(deleted('container.deleted')).toBe(kinds.has('stopped-container'));
        expect(deleted('cache-record.deleted')).toBe(kinds.has('build-cache'));
        if (!kinds.has('stopped-container')) await holder.release();
      });
    });

    describe('a sweep', () => {
      beforeAll(async () => {
        engine = await fixture.start({ sizeMiB: 400 });
        await engine.load(
          store(
            { layerLib: 10, held: 12, big: 36, mid: 28, one: 8, two: 8, small: 6 },
            { one: ['layerLib'], two: ['layerLib'] },
          ),
        );
        await engine.hold(tagOf('held'), 'running');
      });
      afterAll(async () => {
        await engine.dispose();
      });

      it('follows the plan until below LOW, and reports what each deletion freed', async () => {
        const { bytesPercent: used, totalBytes } = await engine.disk.usage();
        const [first, second] = (await plan()).victims;
        // Low enough for one more than the first, whatever the engine needs for an image.
        const wanted = (first?.predictedBytes ?? 0) + (second?.predictedBytes ?? 0) / 2;
        const limits = { high: used - 1, low: used - (100 * wanted) / totalBytes };
        const planned = await plan(limits);
        expect(planned.predicted.reachesLow).toBe(true);
        expect(victimNames(planned)).toEqual([tagOf('big'), tagOf('mid')]);
        const watch = await engine.watch?.();
        const cli = await sweep(0, { ...limits, env: watch?.env });
        const report = await cli.waitForEvent('sweep.completed');
        expect(report).toMatchObject({ reachedLow: true, stoppedBecause: 'reached-low', failedDeletions: 0 });
        expect((await engine.disk.usage()).bytesPercent).toBeLessThan(limits.low);
        const deleted = deletedNames(cli);
        expect(victimNames(planned).slice(0, deleted.length)).toEqual(deleted);
        expect(await engine.tags()).toContain(tagOf('held'));
        for (const record of cli.records.filter(({ event }) => event === 'image.deleted'))
          expectPrediction(record);
        const isLate = cli.records.some(({ event }) => event === 'space.awaited');
        show('freedSpace', isLate ? 'later' : 'at once');
        done.add('plans').add('reachesLow');

        for (const deletion of watch?.deletions() ?? []) {
          expect(deletion).toMatch(/^DELETE [^?]*\/images\/[^?]*\?.*\bforce=false\b/);
        }
        expect(watch?.deletions().length ?? 1).toBeGreaterThan(0);
        await watch?.dispose();
        done.add('neverForces');
      });

      it('names a group that frees its common layers only together', async () => {
        const planned = await plan();
        const group = planned.victims.filter(({ references }) =>
          [tagOf('one'), tagOf('two')].includes(references[0] ?? ''),
        );
        expect(group).toHaveLength(2);
        const bytes = group.reduce((sum, { predictedBytes }) => sum + predictedBytes, 0);
        // Each its own 8 MiB, and the common 10 MiB once, with the last one.
        if (fixture.capabilities.layerSizes !== 'unknown') expect(bytes).toBeGreaterThan(25 * MiB);
      });

      it('ends when deleting does not help, and says where the space is instead', async () => {
        const { availableBytes } = await engine.disk.usage();
        await engine.disk.occupy('not-images', Math.round(availableBytes * 0.7));
        const used = (await engine.disk.usage()).bytesPercent;
        const cli = await sweep(3, { high: used - 1, low: 5 });
        const report = await cli.waitForEvent('sweep.completed');
        expect(report).toMatchObject({ reachedLow: false, stoppedBecause: 'no-candidates' });
        expect(String(report['remaining'])).toContain(
          `${formatCount(1 + (engine.imagesOfItsOwn ?? 0), 'image')} in use by containers`,
        );
        expect(await engine.tags()).toEqual([tagOf('held')]);
        done.add('ineffective');
      });

      function expectPrediction(record: LogRecord): void {
        const [predicted, freed] = [Number(record['predictedBytes']), Number(record['freedBytes'])];
        const tolerance =
          fixture.capabilities.layerSizes === 'measured' ? Math.max(MiB, freed * 0.01) : freed * 0.75;
        expect(Math.abs(predicted - freed), JSON.stringify(record)).toBeLessThanOrEqual(tolerance);
      }
    });

    describe('names', () => {
      beforeAll(async () => {
        engine = await fixture.start({ sizeMiB: 300 });
        await engine.load(store({ first: 16, late: 12, several: 8, pulled: 4, other: 3, nameless: 2 }));
      });
      afterAll(async () => {
        await engine.dispose();
      });

      it('keeps an image that comes into use after the plan was made', async () => {
        const cli = clean(['run', '--once'], {
          high: 0.2,
          low: 0.1,
          settings: {
            DELAY_SECONDS: '5',
            KEEP: 'localhost/several,localhost/pulled,localhost/other,localhost/nameless',
          },
        });
        await cli.waitForEvent('image.deleted');
        cli.kill('SIGSTOP');
        expect(deletedNames(cli)).toEqual([tagOf('first')]);
        const holder = await engine.hold(tagOf('late'), 'created');
        cli.kill('SIGCONT');
        const kept = await cli.waitForEvent('image.kept');
        expect(kept['references']).toContain(tagOf('late'));
        expect(kept['reason']).toContain(`container ${holder.name} (created) uses it now`);
        expect((await cli.exited).code).toBe(3);
        expect(await engine.tags()).toContain(tagOf('late'));
        await holder.release();
        done.add('lateUse');
      });

      it('deletes an image with several names, one that has only a digest, and one without a name', async () => {
        for (const alias of ['several:2', 'several:3', 'elsewhere:1'])
          await engine.tag(tagOf('several'), `localhost/${alias}`);
        const digest = await engine.digestOnly(tagOf('pulled'), 'team/pulled');
        if (fixture.capabilities.namelessImages) await engine.makeNameless(tagOf('nameless'));
        const { images } = await status();
        expect(named(images, 'several').tags).toHaveLength(4);
        expect(images.filter(({ digests }) => digests.includes(digest))).toHaveLength(1);
        const nameless = images.filter(({ tags, digests }) => tags.length === 0 && !digests.includes(digest));
        show('namelessImages', nameless.length === 1);

        const cli = await sweep(3);
        const deleted = cli.records.filter(({ event }) => event === 'image.deleted');
        const several = deleted.filter((record) =>
          (record['references'] as string[]).includes(tagOf('several')),
        );
        expect(several).toHaveLength(1);
        expect(several[0]?.['references']).toEqual(
          expect.arrayContaining(['localhost/several:2', 'localhost/several:3', 'localhost/elsewhere:1']),
        );
        expect(deleted.some((record) => (record['references'] as string[]).includes(digest))).toBe(true);
        expect(await engine.imageCount()).toBe(0);
        done.add('severalNames').add('digestOnly');
      });
    });

    describe('over time', () => {
      beforeAll(async () => {
        engine = await fixture.start({ sizeMiB: 300 });
        await engine.load(store({ used: 4, one: 12, two: 11, three: 10 }));
      });
      afterAll(async () => {
        await engine.dispose();
      });

      it('learns of the use of an image', async () => {
        const stateFile = `${engine.disk.workspace.path}/history.json`;
        const settings = { POLICY: 'lru', STATE_FILE: stateFile, INTERVAL_SECONDS: '1' };
        const cli = clean(['run'], { high: 99, low: 98, settings });
        await cli.waitForEvent('history.synced');
        const aCheck = async (): Promise<void> => {
          const since = cli.records.length;
          await waitFor('a check', () =>
            cli.records.slice(since).some(({ event }) => event === 'check.completed'),
          );
        };
        const holder = await engine.hold(tagOf('used'), 'running');
        // Who only asks now and then sees it in between.
        await aCheck();
        await holder.release();
        await aCheck();
        cli.kill();
        expect((await cli.exited).code).toBe(0);
        const planned = await plan({ ...drain, settings });
        const used = planned.victims.find(({ references }) => references.includes(tagOf('used')));
        const isFollowed = cli.records.every(({ event }) => event !== 'history.interrupted');
        const isKnown = used?.reason.startsWith('last used ') === true;
        show('use', !isKnown ? 'unknown' : isFollowed ? 'followed' : 'polling');
        expect(victimNames(planned).at(-1)).toBe(tagOf('used'));
      });

      it('continues its sweep when the engine crashes in the middle of it', async () => {
        const cli = clean(['run', '--once'], { ...drain, settings: { DELAY_SECONDS: '3' } });
        await cli.waitForEvent('image.deleted');
        cli.kill('SIGSTOP');
        await engine.kill();
        cli.kill('SIGCONT');
        await cli.waitForEvent('engine.unavailable');
        await engine.start();
        expect((await cli.exited).code, cli.stderr).toBe(3);
        expect(deletedNames(cli)).toHaveLength(4);
        expect(await engine.imageCount()).toBe(0);
        done.add('survivesRestart');
      });
    });

    it('did all that the suite is for, and it is what docs/engines.md says', () => {
      const findings: Findings = {
        engine: fixture.name,
        identity: said === undefined ? '' : `${said.name} ${said.version}`,
        apiVersion: said?.apiVersion ?? '',
        capabilities: shown as Partial<Capabilities>,
        behaviours: (Object.keys(behaviours) as Behaviour[]).filter((behaviour) => done.has(behaviour)),
      };
      expect(Object.keys(shown).sort()).toEqual(Object.keys(fixture.capabilities).sort());
      expect(findings.behaviours).toEqual(Object.keys(behaviours));
      if (fixture.isOwn === true) return;
      writeFindings(findings);
      const recorded = readRecorded(fixture.name);
      // Only the exact version may differ: the distribution mends bugs.
      expect(findings, 'else: npm run test:engines, then npm run docs:engines').toEqual({
        ...recorded,
        identity: findings.identity,
        apiVersion: findings.apiVersion,
      });
    });
  });
}
