/** A warm account of a real engine's store, all of it remembered: whatever changes is noticed by the next measurement. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { DiskAccountant } from '../../../src/disk/account/account.ts';
import { startDockerEngine, type DockerEngine } from '../../../harness/engine/docker-engine.ts';
import { atRest, du } from '../../../harness/machine/du.ts';
import { createContainer, putFile, removeImage, runContainer } from '../../../harness/engine/engine-api.ts';
import {
  type Change,
  changesOf,
  databaseOf,
  expectRecordsToFollow,
  loadBaseAndOne,
} from './warm-scenario.ts';

const signal = new AbortController().signal;

/** What a test waits before each step: ext4's times tick every few milliseconds, so a quarter of a second is plenty here. */
const REST_SECONDS = 0.25;
vi.mock(import('../../../src/disk/walk/folder-mark.ts'), async (original) => ({
  ...(await original()),
  isSettled: (mark, nowMs) => mark.ctimeMs + 200 < nowMs,
}));

let engine: DockerEngine;
let running: string;
let stopped: string;
beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 300 } });
  await loadBaseAndOne(engine);
  running = await runContainer(engine, 'one:1', { binds: ['volume:/volume'] });
  stopped = await createContainer(engine, 'base:1');
});
afterAll(async () => {
  await engine.dispose();
});

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

const at = (...path: string[]): string => join(engine.dataRoot, ...path);

test('every kind of change is in the next measurement', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  await atRest(engine.dataRoot, REST_SECONDS);
  await accountant.measure(signal);
  expect((await accountant.measure(signal)).total).toEqual(du(engine.dataRoot));
  const before = await databaseOf(accountant);
  expect(await databaseOf(accountant)).toBe(before);

  const volume = at('volumes/volume/_data');
  const steps: readonly Change[] = [
    ...changesOf(engine, running),
    ['an image is deleted', () => removeImage(engine, 'more:1')],
    ['a file comes into a volume', () => writeFileSync(`${volume}/file`, Buffer.alloc(1e6, 1))],
    ['a volume’s file is written in place', () => appendFileSync(`${volume}/file`, Buffer.alloc(1e6, 1))],
    ['a stopped container gets a file', () => putFile(engine, stopped, '/file', Buffer.alloc(1e6, 1))],
    ['a volume is made', () => engine.expect('POST', '/volumes/create', { body: { Name: 'new' } })],
    ['a volume is removed', () => engine.expect('DELETE', '/volumes/new')],
    [
      'something else is put into the data directory',
      () => {
        mkdirSync(at('foreign'));
        writeFileSync(at('foreign/file'), Buffer.alloc(1e6, 1));
      },
    ],
    ['it goes', () => rmSync(at('foreign'), { recursive: true })],
  ];
  for (const [what, change] of steps) {
    await atRest(engine.dataRoot, REST_SECONDS);
    await accountant.measure(signal);
    await change();
    expect((await accountant.measure(signal)).total, what).toEqual(du(engine.dataRoot));
  }
});

test('the store’s own records are the same object until one of them changes', async () => {
  await expectRecordsToFollow(engine, new DiskAccountant(engine.dataRoot), REST_SECONDS);
});

test('a container whose record is not complete yet is none until it is', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  const id = 'e'.repeat(64);
  const record = at('image/overlay2/layerdb/mounts', id);
  mkdirSync(record);
  undo.push(() => {
    rmSync(record, { recursive: true });
  });
  // In the engine's order.
  writeFileSync(`${record}/mount-id`, 'folder');
  expect((await databaseOf(accountant)).containers.has(id)).toBe(false);
  writeFileSync(`${record}/init-id`, 'folder-init');
  writeFileSync(`${record}/parent`, 'sha256:parent');
  expect((await databaseOf(accountant)).containers.get(id)).toEqual({
    id,
    folders: ['folder', 'folder-init'],
    parentId: 'sha256:parent',
  });
});

test('a container made from nothing is known once its record is at rest', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  const id = 'f'.repeat(64);
  const record = at('image/overlay2/layerdb/mounts', id);
  mkdirSync(record);
  undo.push(() => {
    rmSync(record, { recursive: true });
  });
  writeFileSync(`${record}/mount-id`, 'folder');
  await atRest(engine.dataRoot, REST_SECONDS);
  expect((await databaseOf(accountant)).containers.get(id)?.parentId).toBeUndefined();
  expect((await databaseOf(accountant)).containers.has(id)).toBe(true);
});

test('another filesystem right below the data directory, or as a volume, is left out as du leaves it out', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  await accountant.measure(signal);
  for (const path of [at('mounted'), at('volumes/mounted')]) {
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', 'none', path]);
    undo.push(() => {
      execFileSync('umount', [path]);
      rmSync(path, { recursive: true });
    });
    writeFileSync(`${path}/file`, Buffer.alloc(5e6, 1));
  }
  expect((await accountant.measure(signal)).total).toEqual(du(engine.dataRoot));
});
