/** A store as BinderHub leaves it: names of 120 characters that begin alike, and the steps of a classic build. */
import { forestOf } from '../../../../src/core/forest/forest.ts';
import { parseKeepPatterns } from '../../../../src/core/eligible/pattern.ts';
import { makePlan } from '../../../../src/core/plan/plan.ts';
import { noProtections } from '../../../../src/core/eligible/rules.ts';
import type { ListLook } from '../../../../src/surfaces/terminal/list.ts';
import type { ShownPlan } from '../../../../src/surfaces/terminal/plan-text.ts';
import type { ShownStatus } from '../../../../src/surfaces/terminal/status-text.ts';
import { container, image, store, usage } from '../../core/arbitraries.ts';
import { chain, layersOf } from '../../core/forests.ts';
import { rulesWith } from '../../../../harness/program/plan-rules.ts';

const hex = (seed: number): string =>
  Array.from({ length: 40 }, (_, at) => ((seed * 7 + at * 11 + ((seed * at) % 13)) % 16).toString(16)).join(
    '',
  );

/** 120 characters, a commit at the end. */
export function binderName(at: number): string {
  const repository = `pangeo-2dgallery-2dphysical-${String(at).padStart(3, '0')}-a1b2c3`;
  return `us-central1-docker.pkg.dev/binderhub/r2d-${repository}:${hex(at)}`;
}

export const binderNames = Array.from({ length: 40 }, (_, at) => binderName(at));

const layers = layersOf({ base: ['-', 400e6, 100] });
const day = 86_400_000;
const images = [
  ...binderNames.map((name, at) =>
    image(`sha256:${hex(at)}`, { tags: [name], sizeBytes: (at + 1) * 123e6, createdAtMs: -at * day }),
  ),
  image('sha256:base', {
    tags: ['python:3.13', 'python:3', 'python:latest'],
    sizeBytes: 400e6,
    layers: chain(layers, 'base'),
  }),
  image('sha256:step', { tags: [], parentId: 'sha256:base', sizeBytes: 410e6 }),
  image('sha256:built', { tags: ['built:1'], parentId: 'sha256:step', sizeBytes: 420e6 }),
];
const users = [
  container('k8s_notebook_jupyter-pangeo-2dtutorials_binder_0a1b2c3d-aaaa-bbbb-cccc-0123456789ab_0', [
    `sha256:${hex(3)}`,
  ]),
];
const binderStore = { ...store(images, users), layers };

const parsed = parseKeepPatterns('postgres:*', () => {
  throw new Error('no pattern here is a regular expression');
});
if (!parsed.ok) throw new Error('the pattern is not understood');
const keep = parsed.patterns;
/** 90% used, and next to all of it by images. */
const disk = {
  ...usage(90),
  path: '/var/lib/docker',
  bytes: { total: 120e9, available: 12e9, reserved: 0 },
};
const thresholds = { type: 'relative', high: 80, low: 0.001 } as const;
const seen = {
  engine: {
    name: 'Docker Engine',
    version: '29.1.0',
    apiVersion: '1.52',
    rootDirectory: '/var/lib/docker',
    storageDriver: 'overlay2',
    endpoint: 'unix:///var/run/docker.sock',
  },
  snapshot: {
    takenAtMs: 0,
    usage: usage(90),
    store: binderStore,
    layerSource: 'estimated from the engine’s sizes',
  },
  dataRoot: undefined,
};

export const shownPlan: ShownPlan = {
  seen,
  why: 'the default socket',
  isAboutEverything: false,
  thresholds,
  due: makePlan(
    { store: binderStore, usage: disk, nowMs: 0 },
    rulesWith({ thresholds, protections: { ...noProtections, keep } }),
  ),
  atHigh: undefined,
  cut: undefined,
  unused: undefined,
  window: undefined,
};
export const shownStatus: ShownStatus = {
  seen,
  why: 'the default socket',
  answer: { problem: 'not measured' },
  forest: forestOf(binderStore),
  thresholds,
  keep,
  forecast: undefined,
  window: undefined,
  unused: undefined,
};

export function lookOf(columns: number | undefined, list: Partial<ListLook> = {}): ListLook {
  return { stream: process.stdout, columns, top: undefined, sort: '', all: false, ...list };
}
