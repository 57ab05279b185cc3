/** The account of a real Podman's store against `du`: warm, all of it remembered, and after each kind of change. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { DiskAccountant } from '../../../src/disk/account/account.ts';
import { atRest, du } from '../../../harness/machine/du.ts';
import { removeContainer, removeImage, runContainer } from '../../../harness/engine/engine-api.ts';
import { type PodmanEngine, startPodman } from '../../../harness/engine/podman.ts';
import { type Change, changesOf, expectRecordsToFollow, loadBaseAndOne } from './warm-scenario.ts';

/** What a test waits before each step: ext4's times tick every few milliseconds, so a quarter of a second is plenty here. */
const REST_SECONDS = 0.25;
vi.mock(import('../../../src/disk/walk/folder-mark.ts'), async (original) => ({
  ...(await original()),
  isSettled: (mark, nowMs) => mark.ctimeMs + 200 < nowMs,
}));

const signal = new AbortController().signal;

let engine: PodmanEngine;
let running: string;
beforeAll(async () => {
  engine = await startPodman({ disk: { sizeMiB: 300 } });
  await loadBaseAndOne(engine);
  running = await runContainer(engine, 'one:1');
});
afterAll(async () => {
  await removeContainer(engine, running);
  await engine.dispose();
});

test('every kind of change is in the next measurement', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  const steps: readonly Change[] = [
    ...changesOf(engine, running),
    ['an image is mounted', () => engine.command('image', 'mount', 'more:1')],
    ['it is unmounted', () => engine.command('image', 'unmount', 'more:1')],
    ['an image is deleted', () => removeImage(engine, 'more:1')],
  ];
  for (const [what, change] of steps) {
    await atRest(engine.dataRoot, REST_SECONDS);
    await accountant.measure(signal);
    expect((await accountant.measure(signal)).total, `before ${what}`).toEqual(du(engine.dataRoot));
    await change();
    expect((await accountant.measure(signal)).total, what).toEqual(du(engine.dataRoot));
  }
});

test('the lists are the same object until one of them is another', async () => {
  await expectRecordsToFollow(engine, new DiskAccountant(engine.dataRoot), REST_SECONDS);
});

test('its layers are remembered with their surroundings, and a warm check writes no state', async () => {
  const state = join(engine.disk.workspace.path, 'layers.json');
  const accountant = new DiskAccountant(engine.dataRoot, state);
  await atRest(engine.dataRoot, REST_SECONDS);
  await accountant.measure(signal);
  await accountant.measure(signal);
  const { folders } = JSON.parse(readFileSync(state, 'utf8')) as {
    folders: Record<string, { mtimeMs: number; isLayer: boolean }>;
  };
  const layers = Object.values(folders).filter(({ isLayer }) => isLayer);
  expect(layers).toHaveLength(2);
  for (const { mtimeMs } of layers) expect(mtimeMs).toBeGreaterThan(0);
  const before = statSync(state).ino;
  await accountant.measure(signal);
  expect(statSync(state).ino).toBe(before);
});
