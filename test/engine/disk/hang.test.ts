/**
 * A filesystem that does not answer, like one whose server is away: the main thread must not read from it, or the
 * daemon would hang as long. Measured in a thread of its own, so that the test itself continues.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Amount } from '../../../src/core/model/thresholds.ts';
import { startDockerEngine, type DockerEngine } from '../../../harness/engine/docker-engine.ts';
import { du } from '../../../harness/machine/du.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { mountStuckPath, type StuckPath } from '../../../harness/machine/stuck-path.ts';
import { waitFor } from '../../../harness/machine/wait.ts';

let engine: DockerEngine;
beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 100 } });
  await loadImages(engine, {
    layers: { base: { bytes: 1e6, files: 20 } },
    images: [{ tags: ['base:1'], layers: ['base'] }],
  });
});
afterAll(async () => {
  await engine.dispose();
});

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function stuck(source: string, path: string): Promise<StuckPath> {
  const mounted = await mountStuckPath(source, path);
  undo.push(() => mounted.dispose());
  return mounted;
}

interface Measuring {
  /** How often the thread's event loop was seen to turn. */
  turns(): number;
  measure(): Promise<Amount>;
}

/** An account in a thread of its own, whose event loop shows every few milliseconds that it turns. */
function inThread(root: string): Measuring {
  const source = `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(new URL('../../../src/disk/account/account.ts', import.meta.url).href)}).then(({ DiskAccountant }) => {
      const accountant = new DiskAccountant(${JSON.stringify(root)});
      setInterval(() => parentPort.postMessage('turn'), 5);
      parentPort.on('message', async () => {
        const { total } = await accountant.measure(new AbortController().signal);
        parentPort.postMessage(total);
      });
    });`;
  const worker = new Worker(source, { eval: true });
  undo.push(() => worker.terminate());
  let turns = 0;
  const totals: Amount[] = [];
  worker.on('message', (message: 'turn' | Amount) => {
    if (message === 'turn') turns++;
    else totals.push(message);
  });
  return {
    turns: () => turns,
    measure: async () => {
      worker.postMessage('measure');
      return await waitFor('the account', () => totals.shift());
    },
  };
}

/** Measures while the path answers nothing: the event loop turns all the time, and the account is there afterwards. */
async function expectAlive(measuring: Measuring, path: StuckPath): Promise<Amount> {
  path.hang();
  const pending = measuring.measure();
  try {
    const before = measuring.turns();
    await waitFor('the event loop to turn', () => measuring.turns() > before + 20, { timeoutMs: 20_000 });
  } finally {
    path.release();
  }
  return await pending;
}

test('a data directory that does not answer is waited for beside the event loop', async () => {
  const path = await stuck(engine.dataRoot, join(engine.disk.workspace.path, 'stuck'));
  const measuring = inThread(path.path);
  const total = await measuring.measure();
  expect(total).toEqual(du(path.path));
  expect(await expectAlive(measuring, path)).toEqual(total);
});

test.each(['beside', 'volumes/beside'])('so is another filesystem below it: %s', async (name) => {
  const source = join(engine.disk.workspace.path, 'elsewhere');
  mkdirSync(source);
  writeFileSync(`${source}/file`, Buffer.alloc(1e6, 1));
  undo.push(() => rmSync(source, { recursive: true }));
  const at = join(engine.dataRoot, name);
  undo.push(() => rmSync(at, { recursive: true }));
  const path = await stuck(source, at);
  const measuring = inThread(engine.dataRoot);
  const total = await measuring.measure();
  expect(total).toEqual(du(engine.dataRoot));
  expect(await expectAlive(measuring, path)).toEqual(total);
});
