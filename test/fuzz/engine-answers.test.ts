/**
 * A real engine whose answers are damaged on the wire: values of other kinds, lists cut short, bytes changed, no
 * answer, other answers. In any case, no image in use is deleted, none loses a name, and nothing unexpected is
 * thrown.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { imagesOnly } from '../../src/core/eligible/cache-and-containers.ts';
import { findPolicy } from '../../src/core/policy/registry.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { ImageDisk } from '../../src/disk/image-disk.ts';
import { createDockerEngine } from '../../src/engine/docker/docker-engine.ts';
import type { ApiEngine } from '../../harness/engine/api-engine.ts';
import { startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { createContainer, listImages, tagImage } from '../../harness/engine/engine-api.ts';
import { startPodman } from '../../harness/engine/podman.ts';
import { startWireProxy, type WireProxy } from '../../harness/wire/wire-proxy.ts';
import { imagesOnBase } from '../engine/scenario.ts';
import { loadImages } from '../../harness/engine/images.ts';
import { Counts, damagedBytes, damagedJson, dice, type Dice, runs, seed, timeout } from './fuzz.ts';
import { rulesWith } from '../../harness/program/plan-rules.ts';

const policies = ['biggest', 'reclaimable', 'lru', 'value'] as const;
const rates = [2, 5, 10, 20, 40, 70];
const never = new AbortController().signal;

function diceOf(index: number): Dice {
  const [thrown] = fc.sample(dice, { seed: seed + index, numRuns: 1 });
  if (thrown === undefined) throw new RangeError('fast-check gives as many as it is asked for');
  return thrown;
}

function damaged(body: Buffer, random: Dice, counts: Counts): Buffer {
  const kind = random.whole(10);
  try {
    if (kind < 7) {
      const text = damagedJson(body.toString(), random);
      counts.add('answers of other values');
      return Buffer.from(text);
    }
  } catch (error) {
    // No JSON: bytes, then.
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (kind < 9) {
    counts.add('answers of other bytes');
    return damagedBytes(body, random);
  }
  counts.add('other answers');
  const others = ['null', '[]', '{}', '""', '[', '', '<html>', '['.repeat(100_000)];
  return Buffer.from(others[random.whole(others.length)] ?? '');
}

const kinds = [
  {
    name: 'Docker',
    short: 30,
    start: () => startDockerEngine() as Promise<ApiEngine & { dataRoot: string }>,
  },
  { name: 'Podman', short: 8, start: () => startPodman() as Promise<ApiEngine & { dataRoot: string }> },
];

for (const { name, start, short } of kinds) {
  let engine: ApiEngine & { dataRoot: string };
  let wire: WireProxy;
  const thrown: unknown[] = [];
  const note = (error: unknown): void => void thrown.push(error);

  beforeAll(async () => {
    engine = await start();
    wire = await startWireProxy({
      target: { socketPath: engine.socketPath },
      listen: { socketPath: `${engine.disk.workspace.path}/fuzz.sock` },
    });
    process.on('unhandledRejection', note);
  });

  afterAll(async () => {
    process.off('unhandledRejection', note);
    await wire.dispose();
    await engine.dispose();
  });

  it(
    `${name}: damaged answers lose nothing that is in use`,
    async () => {
      const counts = new Counts();
      await loadImages(engine, imagesOnBase({ used: 1 }));
      await tagImage(engine, 'used:1', 'localhost/also:1');
      await createContainer(engine, 'used:1');
      const held = async (): Promise<readonly string[]> => {
        const all = await listImages(engine);
        const image = all.find(({ RepoTags }) => RepoTags?.some((tag) => tag.endsWith('also:1')));
        return [image?.Id ?? 'gone', ...(image?.RepoTags ?? [])].toSorted();
      };
      const before = await held();
      for (let check = 0; check < runs(short); check++) {
        const random = diceOf(check);
        const names = Object.fromEntries(
          Array.from({ length: 3 }, (_, at) => [`unused${check % 5}-${at}`, 1]),
        );
        if (check % 3 === 0) await loadImages(engine, imagesOnBase(names));
        const rate = rates[random.whole(rates.length)] ?? 0;
        const rule = wire.addRule({
          match: () => random.whole(100) < rate,
          damage: (body) => damaged(body, random, counts),
        });
        const silent = wire.addRule({ match: () => random.whole(200) === 0, cut: 'after' });
        const daemon = new Daemon({
          engine: createDockerEngine(
            { kind: 'unix', path: `${engine.disk.workspace.path}/fuzz.sock` },
            { timeoutMs: 3000 },
          ),
          disk: new ImageDisk(engine.dataRoot, 'relative'),
          rules: rulesWith({
            thresholds: { type: 'relative', high: 0.2, low: 0.1 },
            policy: findPolicy(policies[random.whole(policies.length)] ?? 'biggest'),
            clean: { ...imagesOnly, buildCache: random.whole(2) === 0 },
          }),
          report: (event) => {
            if (event.event === 'image.deleted') counts.add('deletions');
            JSON.stringify(event);
          },
          intervalSeconds: 3600,
          delaySeconds: 0,
          timeoutSeconds: 2,
          dryRun: false,
          stop: never,
          abandon: never,
          settleMs: 20,
        });
        counts.add(`checks: ${(await daemon.check()).outcome}`);
        rule.remove();
        silent.remove();
        expect(await held(), `check ${check} of seed ${seed}`).toEqual(before);
      }
      counts.print(`answers of ${name}`);
      expect(thrown).toEqual([]);
      expect(counts.of('deletions')).toBeGreaterThan(0);
      expect(counts.of('answers of other values')).toBeGreaterThan(0);
    },
    timeout,
  );
}
