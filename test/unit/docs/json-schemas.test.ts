/** The schemas of what `--json` prints take what is printed, and nothing else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forestOf } from '../../../src/core/forest/forest.ts';
import { makePlan } from '../../../src/core/plan/plan.ts';
import { policies } from '../../../src/core/policy/registry.ts';
import type { ImageStore } from '../../../src/core/model/store.ts';
import type { SpaceKind } from '../../../src/core/model/space-kinds.ts';
import type { Amount, Thresholds, Usage } from '../../../src/core/model/thresholds.ts';
import type { SpaceAnswer } from '../../../src/observe/observer.ts';
import { noProtections } from '../../../src/core/eligible/rules.ts';
import { findChoosers } from '../../../src/simulate/choosers.ts';
import { ci } from '../../../src/simulate/generate/ci.ts';
import { generate } from '../../../src/simulate/generate/families.ts';
import { simulateJson } from '../../../src/simulate/report/json.ts';
import type { Settings } from '../../../src/simulate/simulate.ts';
import { replayed } from '../simulate/replayed.ts';
import type { Look } from '../../../src/surfaces/json/look.ts';
import { planJson } from '../../../src/surfaces/json/plan.ts';
import { statusJson } from '../../../src/surfaces/json/status.ts';
import { type JsonOutput, outputProblems } from '../../../harness/program/schemas.ts';
import { arbitraryStore, container, image, store } from '../core/arbitraries.ts';
import { rulesWith } from '../../../harness/program/plan-rules.ts';

const engine = {
  name: 'An Engine',
  version: '1',
  apiVersion: '1.41',
  rootDirectory: '/store',
  storageDriver: undefined,
  endpoint: 'unix:///engine.sock',
};
const relative: Thresholds = { type: 'relative', high: 80, low: 60 };
const absolute: Thresholds = { type: 'absolute', high: 8e8, low: 6e8 };
const full: Usage = {
  path: '/store',
  bytes: { total: 1e9, available: 1e8 },
  inodes: { total: 1e6, available: 1e5 },
  allocated: undefined,
};

function lookAt(images: ImageStore, usage: Usage, isOdd: boolean): Look {
  return {
    engine: isOdd ? { ...engine, storeUsage: { bytes: 1, inodes: 1 }, storeDirectory: '/else' } : engine,
    snapshot: { takenAtMs: 1e12, usage, store: images, layerSource: 'from the disk' },
    dataRoot: isOdd ? { code: 'another-folder', message: 'It is not there.' } : undefined,
  };
}

function planOf(images: ImageStore, usage: Usage, thresholds: Thresholds, isOdd = false): string {
  const [policy] = policies;
  if (policy === undefined) throw new Error('there is no policy');
  const plan = makePlan({ store: images, usage, nowMs: 1e12 }, rulesWith({ thresholds, policy }));
  return JSON.stringify(planJson({ seen: lookAt(images, usage, isOdd), due: plan, thresholds }));
}

const one: Amount = { bytes: 1, inodes: 1 };
const kinds: Readonly<Record<SpaceKind, Amount>> = {
  imagesInUse: one,
  imagesUnused: one,
  buildCache: one,
  containerLayers: one,
  containerLogs: one,
  volumesInUse: one,
  volumesUnused: one,
  leftovers: one,
  beingWritten: one,
  engine: one,
  unknown: one,
  notTheEngines: one,
  reserved: one,
  available: one,
};
const space: SpaceAnswer = {
  space: {
    path: '/store',
    total: { bytes: 14, inodes: 14 },
    parts: kinds,
    leftovers: ['/store/old'],
    unusedVolumes: ['v'],
  },
};

function statusOf(images: ImageStore, usage: Usage, thresholds: Thresholds, isOdd = false): string {
  const answer: SpaceAnswer = isOdd ? { problem: 'It may not be read.' } : space;
  const forecast = isOdd
    ? undefined
    : {
        resource: 'bytes' as const,
        seconds: 2_400,
        earliestSeconds: 1_800,
        latestSeconds: 3_600,
        rate: 2e6,
        observedSeconds: 600,
      };
  return JSON.stringify(
    statusJson({
      seen: lookAt(images, usage, isOdd),
      answer,
      forest: forestOf(images),
      thresholds,
      forecast,
    }),
  );
}

const some = store(
  [
    image('used'),
    image('big', { sizeBytes: 4e8, appearedAtMs: 1, digests: ['big@sha256:1'] }),
    image('small'),
  ],
  [container('holder', ['used'])],
);

const trace = generate({ name: 'ci', summary: '', perDay: 50, generate: ci }, 1, 1);

function simulated(settings: Partial<Settings> = {}): string {
  const results = replayed(trace, findChoosers('lru,clairvoyant'), {
    capacity: [{ kind: 'share', share: 0.15 }],
    high: { type: 'relative', value: 80 },
    low: { type: 'relative', value: 60 },
    inodes: undefined,
    soft: undefined,
    bandwidth: 1e8,
    sweepSeconds: 10,
    protections: noProtections,
    sweepThresholds: false,
    ...settings,
  });
  return JSON.stringify(simulateJson(trace, results));
}

const several: Partial<Settings> = { capacity: [0.1, 0.4].map((share) => ({ kind: 'share', share })) };

describe('the schemas of what --json prints', () => {
  it('take every plan and status', () => {
    const usages: readonly (readonly [Usage, Thresholds])[] = [
      [full, relative],
      [{ ...full, inodes: undefined }, relative],
      [{ ...full, allocated: { bytes: 9e8, inodes: 9 } }, absolute],
      [{ ...full, bytes: { total: 1e9, available: 9e8 }, inodes: undefined }, relative],
    ];
    fc.assert(
      fc.property(
        arbitraryStore,
        fc.constantFrom(...usages),
        fc.boolean(),
        (images, [usage, thresholds], isOdd) => {
          expect(outputProblems('plan', planOf(images, usage, thresholds, isOdd))).toEqual([]);
          expect(outputProblems('status', statusOf(images, usage, thresholds, isOdd))).toEqual([]);
        },
      ),
    );
  });

  it.each<[string, Partial<Settings>]>([
    ['one setting', {}],
    ['several pairs of thresholds', { sweepThresholds: true }],
    ['several capacities', several],
    [
      'absolute thresholds',
      { high: { type: 'absolute', value: 20e9 }, low: { type: 'absolute', value: 15e9 } },
    ],
    ['a soft threshold', { soft: { type: 'relative', value: 70 } }],
  ])('take a simulation with %s', (_what, settings) => {
    expect(outputProblems('simulate', simulated(settings))).toEqual([]);
  });

  it.each<[JsonOutput, () => string]>([
    ['plan', () => planOf(some, full, relative)],
    ['status', () => statusOf(some, full, relative)],
    ['simulate', () => simulated()],
    ['simulate', () => simulated(several)],
  ])('find every field of %s that is missing, of another type, or too much', (output, print) => {
    const printed = print();
    expect(outputProblems(output, printed)).toEqual([]);
    const mutants = mutantsOf(JSON.parse(printed));
    expect(mutants.length).toBeGreaterThan(50);
    // What is said of an engine may be missing.
    const optional = new Set(['without engine.rootDirectory']);
    const taken = mutants.filter(({ value }) => outputProblems(output, JSON.stringify(value)).length === 0);
    expect(taken.map(({ what }) => what).filter((what) => !optional.has(what))).toEqual([]);
  });

  it('find invalid JSON', () => {
    expect(outputProblems('plan', 'a warning\n{}')).toHaveLength(1);
  });
});

interface Mutant {
  readonly what: string;
  readonly value: unknown;
}

/** The value with one field of one object left out, turned into a list, or added. */
function mutantsOf(value: unknown, path = ''): readonly Mutant[] {
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    return list.flatMap((item, at) =>
      mutantsOf(item, `${path}${at}.`).map((mutant) => ({ ...mutant, value: list.with(at, mutant.value) })),
    );
  }
  if (typeof value !== 'object' || value === null) return [];
  const fields = Object.entries(value);
  return [
    { what: `more in ${path}`, value: { ...value, more: 1 } },
    ...fields.flatMap(([name, inner]) => [
      {
        what: `without ${path}${name}`,
        value: Object.fromEntries(fields.filter(([other]) => other !== name)),
      },
      { what: `a list for ${path}${name}`, value: { ...value, [name]: [[inner]] } },
      ...mutantsOf(inner, `${path}${name}.`).map((mutant) => ({
        ...mutant,
        value: { ...value, [name]: mutant.value },
      })),
    ]),
  ];
}
