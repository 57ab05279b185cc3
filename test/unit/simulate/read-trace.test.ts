import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { families, generate } from '../../../src/simulate/generate/families.ts';
import { importBinderEvents } from '../../../src/simulate/import-binder.ts';
import { readTraces } from '../../../src/simulate/read-trace.ts';
import { traceLines } from '../../../src/simulate/write-trace.ts';
import { TraceError } from '../../../src/simulate/trace.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trace-'));
});
afterAll(() => rm(folder, { recursive: true }));

const signal = new AbortController().signal;

async function file(...lines: readonly string[]): Promise<string> {
  const path = join(folder, `${Math.random()}.jsonl`);
  await writeFile(path, lines.join('\n'));
  return path;
}

const use = (fields: object): string => JSON.stringify({ time: 1, event: 'use', image: 'a', ...fields });
const layers = [{ id: 'x', bytes: 5 }];

describe('trace files', () => {
  it.each(families)('a written trace of $name reads back as it was', async (family) => {
    const trace = generate(family, 3, 1);
    const read = await readTraces([await file([...traceLines(trace)].join(''))], signal);
    expect(read).toEqual(trace);
  });

  it('are sorted by time, ignore other events, and need layers once', async () => {
    const path = await file(use({ time: 9, layers }), '', '{"event":"later"}', use({ time: 4.5 }));
    const trace = await readTraces([path], signal);
    expect([...trace.startsMs]).toEqual([4500, 9000]);
    expect(trace.images).toHaveLength(1);
  });

  it.each([
    ['not JSON', ['{'], /:1: not JSON/],
    ['no layers', [use({})], /:1: the first use of image a/],
    ['a negative size', [use({ layers: [{ id: 'x', bytes: -1 }] })], /:1: layers\.0\.bytes/],
    [
      'a layer on two',
      [use({ layers }), use({ image: 'b', layers: [{ id: 'y', bytes: 1 }, ...layers] })],
      /:2: layer x/,
    ],
    ['nothing', ['{"event":"later"}'], /no use of an image/],
  ])('say where they are wrong: %s', async (_, lines, message) => {
    const reading = readTraces([await file(...lines)], signal);
    await expect(reading).rejects.toThrow(TraceError);
    await expect(reading).rejects.toThrow(message);
  });

  it('the launch archive becomes a trace: one image a specification, versions on one environment', async () => {
    const launch = (spec: string, status = 'success'): string =>
      JSON.stringify({ timestamp: '2024-05-01T10:00:00+00:00', provider: 'GitHub', spec, status });
    const path = await file(launch('o/r/1'), launch('o/r/2'), launch('o/r/1'), launch('o/x/1', 'failure'));
    const trace = await importBinderEvents([path], 1, signal);
    expect([...trace.imageOf]).toEqual([0, 1, 0]);
    expect(trace.chains[0]?.[7]).toBe(trace.chains[1]?.[7]);
    expect(trace.images[1]?.tags).toEqual(['github/o/r:2']);
  });
});
