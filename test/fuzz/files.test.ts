/**
 * Files that a crash, a disk or somebody damaged: what we remember, containerd's and BuildKit's databases. Each is used, or
 * refused in words; nothing else is thrown, nothing takes long, and no plan takes an image in use.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { makePlan } from '../../src/core/plan/plan.ts';
import { findPolicy } from '../../src/core/policy/registry.ts';
import type { ImageStore } from '../../src/core/model/store.ts';
import { applyEvent } from '../../src/core/use-history/apply-event.ts';
import { newHistory } from '../../src/core/use-history/history.ts';
import { toState } from '../../src/core/use-history/serialise.ts';
import { LayerMemory } from '../../src/disk/account/layer-memory.ts';
import { loadHistory } from '../../src/history/saved.ts';
import { chosen, Counts, damagedBytes, damagedJson, dice, timeout } from './fuzz.ts';
import { rulesWith } from '../../harness/program/plan-rules.ts';

const folder = mkdtempSync(join(tmpdir(), 'dic-fuzz-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const ids = Array.from({ length: 5 }, (_, at) => `sha256:${String(at).repeat(64)}`);
const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 0, 1);
const store: ImageStore = {
  images: ids.map((id, at) => ({
    id,
    tags: [`image:${at}`],
    digests: [],
    parentId: undefined,
    sizeBytes: 1e6 * (at + 1),
    createdAtMs: startMs,
    labels: {},
    layers: [`L${at}`],
  })),
  containers: [
    { id: 'c', name: 'c', images: [ids[0] ?? ''], state: 'running', createdAtMs: startMs, labels: {} },
  ],
  layers: new Map(
    ids.map((_, at) => [
      `L${at}`,
      { id: `L${at}`, parentId: undefined, bytes: 1e6 * (at + 1), inodes: 10, exact: true },
    ]),
  ),
};

function wholeState(): string {
  const history = newHistory(startMs);
  store.images.forEach((image, at) => {
    const atMs = startMs + at * dayMs;
    applyEvent(history, { kind: 'appeared', atMs, image, layers: store.layers });
    applyEvent(history, { kind: 'use-began', atMs, containerId: `c${at}`, imageId: image.id });
    if (at > 0) applyEvent(history, { kind: 'use-ended', atMs: atMs + 3600_000, containerId: `c${at}` });
  });
  return JSON.stringify({ version: 1, seenUntilMs: startMs + 9 * dayMs, usage: toState(history) });
}

const usage = {
  path: '/x',
  bytes: { total: 1e8, available: 1e6 },
  inodes: { total: 1e6, available: 5e5 },
  allocated: undefined,
};
const layers = JSON.stringify({
  version: 1,
  layersFolder: '/l',
  folders: Object.fromEntries(
    ids.map((id) => [
      id.slice(7, 71),
      {
        ...{ ino: 5, mtimeMs: 1, ctimeMs: 1 },
        files: { device: 1, bytes: 1, inodes: 1, openLinks: [] },
        rest: { bytes: 1, inodes: 1 },
        elsewhere: { bytes: 1, inodes: 1 },
        ...{ link: 'x', isLayer: true, isProvisional: false },
      },
    ]),
  ),
});

/** A file as it is after damage: other values, other bytes, an end cut off. */
const damage = (whole: string): fc.Arbitrary<Buffer> =>
  fc
    .tuple(fc.boolean(), dice)
    .map(([asValues, random]) =>
      asValues ? Buffer.from(damagedJson(whole, random)) : damagedBytes(Buffer.from(whole), random),
    );

it(
  'the state file: no plan contains an image in use, whatever is in it',
  async () => {
    const counts = new Counts();
    const path = join(folder, 'state');
    const whole = wholeState();
    await fc.assert(
      fc.asyncProperty(damage(whole), async (bytes) => {
        writeFileSync(path, bytes);
        const found = await loadHistory(path);
        if (found === undefined || 'lost' in found) {
          counts.add('refused');
          return;
        }
        counts.add('used');
        for (const name of ['value', 'lru', 'biggest', 'reclaimable'] as const) {
          const plan = makePlan(
            { store, usage, nowMs: startMs + 20 * dayMs },
            rulesWith({
              thresholds: { type: 'relative', high: 50, low: 10 },
              policy: findPolicy(name),
              history: () => found.history,
            }),
          );
          expect(plan.victims.map(({ id }) => id)).not.toContain(ids[0]);
        }
        JSON.stringify(toState(found.history));
        expect(({} as { inUse?: unknown }).inUse).toBeUndefined();
      }),
      chosen(2000),
    );
    counts.print('state file');
    expect(counts.of('used')).toBeGreaterThan(0);
    expect(counts.of('refused')).toBeGreaterThan(0);
  },
  timeout,
);

it(
  'the file of measured layers: used or rebuilt',
  async () => {
    const counts = new Counts();
    const path = join(folder, 'layers');
    await fc.assert(
      fc.asyncProperty(damage(layers), async (bytes) => {
        writeFileSync(path, bytes);
        const memory = new LayerMemory(path);
        counts.add((await memory.load('/l')) === undefined ? 'used' : 'rebuilt');
        memory.keepOnly(new Set());
        await memory.save();
      }),
      chosen(2000),
    );
    counts.print('measured layers');
    expect(counts.of('used')).toBeGreaterThan(0);
    expect(counts.of('rebuilt')).toBeGreaterThan(0);
  },
  timeout,
);
