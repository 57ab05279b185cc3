/**
 * A real engine behind a wire proxy with two images on a common layer, and histories that follow it. What this file
 * starts is one per test file, and a new one for each test where that is cheap.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import type { DaemonEvent } from '../../../src/events/events.ts';
import { type History, type HistoryOptions, startHistory } from '../../../src/history/history.ts';
import { startDockerEngine, type DockerEngine } from '../../../harness/engine/docker-engine.ts';
import * as api from '../../../harness/engine/engine-api.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { startWireProxy, type SeenRequest, type WireProxy } from '../../../harness/wire/wire-proxy.ts';

export let real: DockerEngine;
export let proxy: WireProxy;
export let folder: string;
export let imageA: string;
export let imageB: string;
export const reports: DaemonEvent[] = [];
const running: History[] = [];

beforeAll(async () => {
  real = await startDockerEngine({ disk: { sizeMiB: 300 } });
  const socketPath = join(real.disk.workspace.path, 'proxy.sock');
  proxy = await startWireProxy({ target: real, listen: { socketPath } });
  const ids = await loadImages(real, {
    layers: { base: { bytes: 50_000, shell: true }, a: { bytes: 20_000, files: 3 }, b: { bytes: 30_000 } },
    images: [
      { tags: ['a:1', 'a:latest'], layers: ['base', 'a'] },
      { tags: ['b:1'], layers: ['base', 'b'] },
    ],
  });
  [imageA = '', imageB = ''] = ids;
  newFolder();
});

afterAll(async () => {
  await proxy.dispose();
  await real.dispose();
});

afterEach(async () => {
  for (const history of running.splice(0)) await history.close();
  reports.length = 0;
  proxy.clear();
  await proxy.accept();
  if (!real.isRunning) await real.start();
  for (const { Id } of await api.listContainers(real)) await api.removeContainer(real, Id);
  rmSync(folder, { recursive: true, force: true });
  newFolder();
});

export async function start(options: Partial<HistoryOptions> = {}): Promise<History> {
  const engine = createDockerEngine(
    { kind: 'unix', path: join(real.disk.workspace.path, 'proxy.sock') },
    { timeoutMs: 600_000 },
  );
  const history = await startHistory(
    {
      engine,
      stateFile: undefined,
      recordTrace: undefined,
      report: (event) => reports.push(event),
      clock: Date.now,
      ...options,
      tuning: { retryLimitMs: 1000, ...options.tuning },
    },
    new AbortController().signal,
  );
  running.push(history);
  await history.synced;
  return history;
}

export const isEvents = ({ path }: SeenRequest): boolean => path.includes('/events');
export const synced = (): readonly Extract<DaemonEvent, { event: 'history.synced' }>[] =>
  reports.filter((event) => event.event === 'history.synced');

export async function syncedTimes(count: number): Promise<number> {
  await waitFor(`synchronisation ${count}`, () => synced().length >= count);
  return synced()[count - 1]?.missedSeconds ?? Number.NaN;
}

export const usesOf = (history: History, id: string): number => history.current().images.get(id)?.uses ?? 0;
export const activeOf = (history: History, id: string): number =>
  history.current().images.get(id)?.active ?? 0;

/** Uses of an image, once this number is known. */
export async function sawUses(history: History, id: string, uses: number): Promise<void> {
  await waitFor(`use ${uses} of ${id}`, () => usesOf(history, id) >= uses);
  expect(usesOf(history, id)).toBe(uses);
}

export async function useOnce(image: string): Promise<void> {
  await api.removeContainer(real, await api.createContainer(real, image));
}

/** Makes the folder for what a history writes. */
export function newFolder(): void {
  folder = mkdtempSync(join(real.disk.workspace.path, 'history-'));
}
