/**
 * How long the event loop is held by what the daemon does with a big store (10,000 images on 100,000 layers) besides
 * walking: `npm run bench blocks`. Each row is one stretch in which nothing else runs: the longest that the
 * event loop did not turn, as elapsed time and as processor time of the thread, which says more on a machine that does
 * other work at the same time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forestOf } from '../../src/core/forest/forest.ts';
import { makePlan } from '../../src/core/plan/plan.ts';
import { findPolicy } from '../../src/core/policy/registry.ts';
import type { Usage } from '../../src/core/model/thresholds.ts';
import { LayerMemory } from '../../src/disk/account/layer-memory.ts';
import { watched } from './event-loop.ts';
import { bigStore } from './store.ts';
import { rulesWith } from '../../harness/program/plan-rules.ts';

const images = 10_000;
const layers = 100_000;
const folder = mkdtempSync(join(tmpdir(), 'bench-blocks-'));

async function row(what: string, work: () => Promise<unknown> | void): Promise<void> {
  globalThis.gc?.();
  const { held } = await watched(async () => {
    await work();
  });
  const cells = [held.processorMs, held.elapsedMs].map((value) => value.toFixed(0).padStart(10));
  process.stdout.write(`${what.padEnd(40)}${cells.join('')}\n`);
}

function remembered(path: string): LayerMemory {
  const memory = new LayerMemory(path);
  for (let at = 0; at < layers; at++) {
    memory.set(at.toString(16).padStart(64, '0'), {
      ino: at,
      mtimeMs: 1_700_000_000_000.5 + at,
      ctimeMs: 1_700_000_000_000.5 + at,
      files: { device: 1, bytes: 4096 * at, inodes: at, openLinks: [] },
      rest: { bytes: 8192, inodes: 4 },
      elsewhere: { bytes: 20_480, inodes: 6 },
      link: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      isLayer: true,
      isProvisional: false,
    });
  }
  return memory;
}

try {
  process.stdout.write(`${images} images, ${layers} layers: longest stretch\n`);
  process.stdout.write(`${'milliseconds'.padEnd(40)} processor   elapsed\n`);
  const path = join(folder, 'layers.json');
  const memory = remembered(path);
  await memory.load('/layers');
  await row('write the state file of layers', () => memory.save());
  await row('read it', () => new LayerMemory(path).load('/layers'));
  const store = bigStore(images, layers, 1);
  const total = 2 * [...store.layers.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const usage: Usage = {
    path: '/',
    bytes: { total, available: total * 0.2 },
    inodes: undefined,
    allocated: undefined,
  };
  await row('build the forest', () => {
    forestOf(store);
  });
  for (const name of ['biggest', 'reclaimable', 'value']) {
    await row(`plan, ${name}`, () => {
      const thresholds = { type: 'relative', high: 80, low: 67.5 } as const;
      makePlan({ store, usage, nowMs: 0 }, rulesWith({ thresholds, policy: findPolicy(name) }));
    });
  }
} finally {
  rmSync(folder, { recursive: true });
}
