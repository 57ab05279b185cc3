/** The state file and the trace on a real disk: damage, versions, bounds. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Layer } from '../../../src/core/model/store.ts';
import { applyEvent } from '../../../src/core/use-history/apply-event.ts';
import { newHistory, type UsageHistory } from '../../../src/core/use-history/history.ts';
import { STATE_VERSION, toState } from '../../../src/core/use-history/serialise.ts';
import { loadHistory, saveHistory } from '../../../src/history/saved.ts';
import { TraceFile, traceLine } from '../../../src/history/trace-file.ts';

let folder: string;
const path = (): string => join(folder, 'file');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dic-unit-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function someHistory(): UsageHistory {
  const history = newHistory(1000);
  const image = {
    id: 'sha256:1',
    tags: ['a:1'],
    digests: ['a@sha256:5'],
    parentId: undefined,
    sizeBytes: 10,
    createdAtMs: 500,
    labels: {},
    layers: ['l1', 'l2'],
  };
  applyEvent(history, { kind: 'appeared', atMs: 2000, image, layers: new Map() });
  applyEvent(history, { kind: 'use-began', atMs: 3000, containerId: 'c', imageId: image.id });
  return history;
}

describe('the state file', () => {
  const mark = { engineTimeMs: 5, keys: ['one', 'two'] };

  it('gives back what it was given', async () => {
    const history = someHistory();
    await saveHistory(path(), { history, seenUntilMs: 4000, mark });
    const loaded = await loadHistory(path());
    if (loaded === undefined || 'lost' in loaded) throw new Error('lost');
    expect(toState(loaded.history)).toEqual(toState(history));
    expect(loaded).toMatchObject({ seenUntilMs: 4000, mark });
  });

  it('is not there at first', async () => {
    expect(await loadHistory(path())).toBeUndefined();
  });

  it('that is damaged is lost, never half believed and never thrown', async () => {
    await saveHistory(path(), { history: someHistory(), seenUntilMs: 4000, mark });
    const whole = readFileSync(path(), 'utf8');
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(20), fc.string(), async (at, length, inserted) => {
        writeFileSync(path(), whole.slice(0, at) + inserted + whole.slice(at + length));
        const loaded = await loadHistory(path());
        // What damage did not make unreadable is a whole history.
        if (loaded !== undefined && 'lost' in loaded) expect(loaded.lost).toContain(path());
        else expect(toState(loaded?.history ?? newHistory(0)).version).toBe(STATE_VERSION);
      }),
      { numRuns: 200 },
    );
    writeFileSync(path(), whole.slice(0, -1));
    expect(await loadHistory(path())).toHaveProperty('lost');
  });
});

const layer = (id: string, inodes: number): Layer => ({
  id,
  parentId: undefined,
  bytes: 5,
  inodes,
  exact: true,
});

function use(imageId: string, beganAtMs = 1000): ReturnType<typeof traceLine> {
  const finished = { imageId, reference: 'a:1', beganAtMs, endedAtMs: 2500 };
  return traceLine(finished, { layers: [layer('l1', 3), layer('l2', 0)], isBuiltHere: true });
}

const read = (name = path()): unknown[] =>
  readFileSync(name, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

describe('the trace', () => {
  it('says what an image consists of once', async () => {
    const trace = new TraceFile(path());
    trace.add(use('i'));
    trace.add(use('i', 2000));
    await trace.flush();
    const short = { time: 1, event: 'use', image: 'i', reference: 'a:1', durationSeconds: 1.5 };
    expect(read()).toEqual([
      {
        ...short,
        built: true,
        layers: [
          { id: 'l1', bytes: 5, inodes: 3 },
          { id: 'l2', bytes: 5 },
        ],
      },
      { ...short, time: 2, durationSeconds: 0.5 },
    ]);
  });

  it('continues in an existing file, also where its last line was cut off', async () => {
    const first = new TraceFile(path());
    first.add(use('i'));
    first.add(use('j'));
    await first.flush();
    const size = readFileSync(path()).length;
    truncateSync(path(), size - 3);
    const second = new TraceFile(path());
    second.add(use('k'));
    await second.flush();
    expect(read()).toMatchObject([{ image: 'i' }, { image: 'k' }]);
  });

  it("leaves somebody else's line as it is", async () => {
    writeFileSync(path(), 'not ours\nnor this');
    const trace = new TraceFile(path());
    trace.add(use('i'));
    await trace.flush();
    expect(readFileSync(path(), 'utf8')).toMatch(/^not ours\nnor this\n\{"time":1,.*\}\n$/);
  });

  it('is bounded', async () => {
    const trace = new TraceFile(path(), { maxBytes: 400, keep: 2 });
    for (let i = 0; i < 50; i++) {
      trace.add(use('i', i));
      await trace.flush();
    }
    expect(existsSync(`${path()}.2`)).toBe(true);
    expect(existsSync(`${path()}.3`)).toBe(false);
    for (const name of [path(), `${path()}.1`, `${path()}.2`]) {
      expect(readFileSync(name).length).toBeLessThan(800);
      expect(read(name)[0]).toHaveProperty('layers');
    }
  });

  it('keeps what it could not write, bounded, and writes it later', async () => {
    const trace = new TraceFile(join(folder, 'missing', 'trace'));
    for (let i = 0; i < 10_005; i++) trace.add(use('i', i));
    await expect(trace.flush()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(trace.hasWaiting).toBe(true);
    const { mkdirSync } = await import('node:fs');
    mkdirSync(join(folder, 'missing'));
    await trace.flush();
    expect(trace.hasWaiting).toBe(false);
    const lines = read(trace.path);
    expect(lines).toHaveLength(10_000);
    expect(lines[0]).toMatchObject({ time: 0.005, layers: [{}, {}] });
  });
});
