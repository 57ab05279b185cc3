/** When the disk will be full, as status, page and metrics say it: from what a daemon remembered, and what is there now. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { parseExposition } from '../../../harness/program/exposition.ts';
import { send } from '../../../harness/wire/http.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { cleaner } from '../scenario.ts';

let engine: DockerEngine;
beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 260 } });
});
afterAll(async () => {
  await engine.dispose();
});

interface Told {
  readonly forecast: { readonly resource: string; readonly seconds: number } | null;
}

const DAY_MS = 86_400_000;
const SLICE_MS = 15_000;

/** A state file beside which the last ten minutes are remembered, in which usage grew by this much a minute. */
async function remembered(percentPerMinute: number): Promise<string> {
  const stateFile = join(mkdtempSync(join(tmpdir(), 'forecast-')), 'state');
  const nowMs = Date.now();
  const { bytesPercent } = await engine.disk.usage();
  const slices = Array.from({ length: 41 }, (_, index) => {
    const atMs = nowMs - (41 - index) * SLICE_MS;
    const percent = bytesPercent - ((nowMs - atMs) / 60_000) * percentPerMinute;
    return [Math.floor(atMs / SLICE_MS), [atMs, percent, 0, null], null];
  });
  const state = {
    version: 1,
    path: engine.dataRoot,
    thresholdType: 'relative',
    samples: [slices, [], []],
    sweeps: [],
  };
  writeFileSync(`${stateFile}.activity`, JSON.stringify(state));
  return stateFile;
}

async function status(stateFile: string | undefined, args: readonly string[] = []) {
  const settings = stateFile === undefined ? {} : { STATE_FILE: stateFile };
  const cli = cleaner(engine, ['status', ...args], { high: 80, low: 60, settings });
  expect((await cli.exited).code).toBe(0);
  return cli;
}

it('is shown by status, the page and metrics, the same everywhere', async () => {
  const { bytesPercent } = await engine.disk.usage();
  const stateFile = await remembered(0.1);
  const expectedSeconds = ((100 - bytesPercent) / 0.1) * 60;
  expect(expectedSeconds).toBeGreaterThan(DAY_MS / 1000 / 2);
  // Further ahead than twenty times the past used: unknown.
  expect((await status(stateFile, ['--json'])).json<Told>().forecast).toBeNull();

  const faster = await remembered(1);
  const seconds = ((100 - bytesPercent) / 1) * 60;
  const told = (await status(faster, ['--json'])).json<Told>().forecast;
  expect(told).toMatchObject({ resource: 'bytes' });
  expect(Math.abs(Number(told?.seconds) / seconds - 1)).toBeLessThan(0.1);
  expect((await status(faster)).stdout).toMatch(/^full in about \d+ min at this rate/m);

  const before = readFileSync(`${faster}.activity`, 'utf8');
  const cli = cleaner(engine, ['run'], {
    high: 80,
    low: 60,
    settings: { STATE_FILE: faster, HTTP_ADDRESS: '127.0.0.1:0' },
  });
  const { url } = await cli.waitForEvent('http.listening');
  const get = async (path: string) =>
    await send({ port: Number(new URL(String(url)).port) }, 'GET', path, { headers: { Host: 'localhost' } });
  await cli.waitForEvent('check.completed');
  const values = await waitFor('the metric', async () => {
    const { values: all } = parseExposition((await get('/metrics')).text);
    return all.has('docker_image_cleaner_full_in_seconds{estimate="expected"}') ? all : undefined;
  });
  const of = (estimate: string): number =>
    Number(values.get(`docker_image_cleaner_full_in_seconds{estimate="${estimate}"}`));
  expect(Math.abs(of('expected') / seconds - 1)).toBeLessThan(0.1);
  expect(of('earliest')).toBeLessThanOrEqual(of('expected'));
  expect(of('latest')).toBeGreaterThanOrEqual(of('expected'));
  const page = (await get('/api/activity.json')).json<Told>();
  expect(Math.abs(Number(page.forecast?.seconds) / seconds - 1)).toBeLessThan(0.1);
  cli.kill();
  expect((await cli.exited).code).toBe(0);
  expect(before).not.toBe(readFileSync(`${faster}.activity`, 'utf8'));
});

it('is not shown without a past, or when nothing was used up in it', async () => {
  expect((await status(undefined, ['--json'])).json<Told>().forecast).toBeNull();
  const still = await status(await remembered(0));
  expect(still.stdout).not.toContain('at this rate');
});
