/** What the usage history writes, on a real engine: the state file over a restart, and the trace. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTraces } from '../../../src/simulate/traces/read-trace.ts';
import * as api from '../../../harness/engine/engine-api.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import {
  activeOf,
  folder,
  imageA,
  imageB,
  isEvents,
  newFolder,
  proxy,
  real,
  reports,
  sawUses,
  start,
  synced,
  useOnce,
  usesOf,
} from './scenario.ts';

describe('the state file', () => {
  const stateFile = (): string => join(folder, 'state.json');

  test('is taken up where it was left, without a gap while the engine remembers', async () => {
    const first = await start({ stateFile: stateFile() });
    await useOnce('a:1');
    await sawUses(first, imageA, 1);
    const container = await api.runContainer(real, 'b:1');
    await sawUses(first, imageB, 1);
    await first.close();
    await useOnce('a:1');
    await api.removeContainer(real, container);
    reports.length = 0;
    const second = await start({ stateFile: stateFile() });
    expect(synced()).toMatchObject([{ missedSeconds: 0 }]);
    await sawUses(second, imageA, 2);
    await waitFor('the end of the use', () => activeOf(second, imageB) === 0);
    expect(usesOf(second, imageB)).toBe(1);
  });

  test('counts no use twice where the engine repeats its events late', async () => {
    const first = await start({ stateFile: stateFile() });
    const container = await api.createContainer(real, 'b:1');
    await sawUses(first, imageB, 1);
    await first.close();
    await api.startContainer(real, container);
    await api.removeContainer(real, container);
    const late = proxy.addRule({ match: isEvents, times: 1, stall: 'body' });
    proxy.addRule({
      match: ({ path }) => path.includes('/containers/json'),
      times: 1,
      before: async () => {
        late.release();
        await waitFor('the events', () => (proxy.requests.findLast(isEvents)?.bodyBytes ?? 0) > 0);
      },
    });
    reports.length = 0;
    const second = await start({ stateFile: stateFile() });
    expect(late.hits).toBe(1);
    expect(synced()).toMatchObject([{ missedSeconds: 0 }]);
    await useOnce('a:1');
    await sawUses(second, imageA, 1);
    expect(usesOf(second, imageB)).toBe(1);
    expect(activeOf(second, imageB)).toBe(0);
  });

  test('is older than what the engine remembers: a gap', async () => {
    const first = await start({ stateFile: stateFile() });
    await useOnce('a:1');
    await sawUses(first, imageA, 1);
    await first.close();
    await real.restart();
    reports.length = 0;
    const second = await start({ stateFile: stateFile() });
    expect(synced()[0]?.missedSeconds).toBeGreaterThan(0);
    expect(usesOf(second, imageA)).toBe(1);
  });

  test.each([
    ['half of it', (text: string) => text.slice(0, text.length / 2)],
    ['nothing', () => ''],
    ['another version', (text: string) => text.replace(/"version":\d+/, '"version":99')],
    ['a wrong field', (text: string) => text.replace(/"latestMs":\d+/, '"latestMs":"then"')],
    ['other JSON', () => '[]'],
  ])('damaged (%s) it is rebuilt', async (_, damage) => {
    const first = await start({ stateFile: stateFile() });
    await useOnce('a:1');
    await sawUses(first, imageA, 1);
    await first.close();
    writeFileSync(stateFile(), damage(readFileSync(stateFile(), 'utf8')));
    reports.length = 0;
    const second = await start({ stateFile: stateFile() });
    expect(reports[0]).toMatchObject({ event: 'history.state-lost', path: stateFile() });
    expect(usesOf(second, imageA)).toBe(0);
    await useOnce('a:1');
    await waitFor('a use', () => usesOf(second, imageA) > 0);
    await second.close();
    reports.length = 0;
    await start({ stateFile: stateFile() });
    expect(reports.map(({ event }) => event)).toEqual(['history.synced']);
  });

  test('is written while it runs, and its failure is logged once', async () => {
    const history = await start({ stateFile: stateFile(), tuning: { saveEveryMs: 20 } });
    await waitFor('the file', () => statSync(stateFile(), { throwIfNoEntry: false })?.isFile());
    rmSync(folder, { recursive: true });
    await useOnce('a:1');
    await sawUses(history, imageA, 1);
    const failures = (): number => reports.filter(({ event }) => event === 'history.write-failed').length;
    await waitFor('the failure', () => failures() > 0);
    await useOnce('a:1');
    await sawUses(history, imageA, 2);
    newFolder();
    await history.close();
    expect(failures()).toBe(1);
  });
});

describe('the trace', () => {
  const tracePath = (): string => join(folder, 'trace.jsonl');
  const lines = (path: string): readonly Record<string, unknown>[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test('of a short run', async () => {
    const began = Date.now() / 1000;
    const history = await start({ recordTrace: tracePath() });
    await useOnce('a:1');
    await useOnce(imageA);
    await useOnce('b:1');
    await sawUses(history, imageB, 1);
    const container = await api.runContainer(real, 'a');
    await sawUses(history, imageA, 3);
    await history.close();
    const ended = Date.now() / 1000;
    const trace = lines(tracePath());
    const base = trace[0]?.['layers'] as readonly { id: string; bytes: number }[];
    expect(base).toEqual([
      { id: expect.stringMatching(/^sha256:/) as string, bytes: expect.any(Number) as number },
      { id: expect.stringMatching(/^sha256:/) as string, bytes: 20_000 },
    ]);
    expect(trace).toEqual([
      expect.objectContaining({ event: 'use', image: imageA, reference: 'a:1', built: true }),
      expect.objectContaining({ event: 'use', image: imageA, reference: 'a:1' }),
      expect.objectContaining({
        event: 'use',
        image: imageB,
        reference: 'b:1',
        layers: [base[0], expect.objectContaining({ bytes: 30_000 })],
      }),
      // It still runs: told as far as it was seen.
      expect.objectContaining({ event: 'use', image: imageA, reference: 'a:latest' }),
    ]);
    expect(trace[1]).not.toHaveProperty('layers');
    for (const line of trace) {
      const time = line['time'] as number;
      const duration = line['durationSeconds'] as number;
      expect(time).toBeGreaterThanOrEqual(began);
      expect(duration).toBeGreaterThanOrEqual(0);
      expect(time + duration).toBeLessThanOrEqual(ended);
    }
    await api.removeContainer(real, container);

    const read = await readTraces([tracePath()]);
    expect(read.images.map(({ id }) => id)).toEqual([imageA, imageB]);
    expect(read.startsMs).toHaveLength(4);
    expect(read.layers).toHaveLength(3);
  });

  test('is rotated when it is full; each file describes its images', async () => {
    const history = await start({
      recordTrace: tracePath(),
      tuning: { saveEveryMs: 10, trace: { maxBytes: 500, keep: 2 } },
    });
    const size = (name: string): number => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
    for (let i = 1; size('trace.jsonl.2') === 0; i++) {
      await useOnce('a:1');
      await sawUses(history, imageA, i);
    }
    await history.close();
    for (const name of ['trace.jsonl.1', 'trace.jsonl.2']) {
      const [head] = lines(join(folder, name));
      expect(head).toHaveProperty('layers');
    }
    expect(size('trace.jsonl.3')).toBe(0);
  });
});
