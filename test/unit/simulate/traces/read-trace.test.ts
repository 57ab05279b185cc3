import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { standingFor } from '../../../../src/simulate/traces/binder-spec.ts';
import { families, generate } from '../../../../src/simulate/generate/families.ts';
import { importBinderEvents } from '../../../../src/simulate/generate/import-binder.ts';
import { readTraces } from '../../../../src/simulate/traces/read-trace.ts';
import { traceLines } from '../../../../src/simulate/traces/write-trace.ts';
import { TraceError } from '../../../../src/simulate/traces/trace.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trace-'));
});
afterAll(() => rm(folder, { recursive: true }));

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
    const read = await readTraces([await file([...traceLines(trace)].join(''))]);
    expect(read).toEqual(trace);
  });

  it('are sorted by time, ignore other events, and need layers once', async () => {
    const path = await file(use({ time: 9, layers }), '', '{"event":"later"}', use({ time: 4.5 }));
    const trace = await readTraces([path]);
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
    ['a layer twice', [use({ layers: [...layers, ...layers] })], /:1: image a names layer x twice/],
    [
      'other layers later',
      [use({ layers }), use({ layers: [...layers, { id: 'z', bytes: 1 }] })],
      /:2: image a has other layers/,
    ],
    [
      'more bytes than a disk has',
      [use({ layers: [{ id: 'x', bytes: 1e308 }] })],
      /:1: layers\.0\.bytes: more than 8 EiB/,
    ],
    ['a time that no clock shows', [use({ layers, time: 1e300 })], /:1: time: not a time/],
    [
      'a use of a million years',
      [use({ layers, durationSeconds: 1e300 })],
      /:1: durationSeconds: more than 300 years/,
    ],
    ['nothing', ['{"event":"later"}'], /no use of an image/],
  ])('say where they are wrong: %s', async (_, lines, message) => {
    const reading = readTraces([await file(...lines)]);
    await expect(reading).rejects.toThrow(TraceError);
    await expect(reading).rejects.toThrow(message);
  });

  it('may be packed with gzip, whatever they are called', async () => {
    const path = join(folder, 'packed');
    // Two parts in one file, as `cat a.gz b.gz` makes it.
    await writeFile(path, Buffer.concat([gzipSync(`${use({ layers })}\n`), gzipSync(use({ time: 2 }))]));
    expect((await readTraces([path])).startsMs).toHaveLength(2);
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ['missing', () => Promise.resolve(join(folder, 'none')), /^cannot read .*none: no such file$/],
    ['a directory', () => Promise.resolve(folder), /^cannot read .*: it is a directory$/],
    [
      'cut off',
      async () => {
        const path = join(folder, 'cut.gz');
        const packed = gzipSync(`${use({ layers })}\n`.repeat(1000));
        await writeFile(path, packed.subarray(0, packed.length / 2));
        return path;
      },
      /^cannot read .*cut\.gz.*: damaged gzip data/,
    ],
  ])('are reported in one line when they are %s', async (_, make, message) => {
    const path = await make();
    await expect(readTraces([path])).rejects.toThrow(message);
  });

  it('the launch archive becomes a trace: versions on one environment', async () => {
    const launch = (spec: string, more: object = {}): string =>
      JSON.stringify({
        timestamp: '2024-05-01T10:00:00+00:00',
        provider: 'GitHub',
        spec,
        status: 'success',
        ...more,
      });
    const path = await file(
      launch('o/r/1'),
      launch('o/r/2'),
      launch('o/r/1'),
      launch('o/x/1', { status: 'failure' }),
      // A branch that moved on: two commits are two images of one repository.
      launch('o/R/main', { ref: 'abc' }),
      launch('o/r/main', { ref: 'def' }),
      launch('o/r/main', { ref: 'abc' }),
    );
    const trace = await importBinderEvents([path], 1);
    expect([...trace.imageOf]).toEqual([0, 1, 0, 2, 3, 2]);
    expect(trace.chains[0]?.[7]).toBe(trace.chains[1]?.[7]);
    expect(trace.chains[0]?.[7]).toBe(trace.chains[3]?.[7]);
    expect(trace.images.map(({ tags }) => tags[0])).toEqual([
      'github/o/r:1',
      'github/o/r:2',
      'github/o/r:abc',
      'github/o/r:def',
    ]);
  });

  it.each<[string, string, string, string]>([
    ['GitHub', 'o/r/feature/x', 'github/o/r', 'feature-x'],
    ['GitLab', 'group%2Fsub%2Fr/main', 'gitlab/group%2fsub%2fr', 'main'],
    ['Git', 'https%3A%2F%2Fexample.org%2Fr/v1', 'git/https%3a%2f%2fexample.org%2fr', 'v1'],
    ['Gist', 'someone/0123abcd/master', 'gist/someone/0123abcd', 'master'],
    ['Zenodo', '10.5281/zenodo.1', 'zenodo/10.5281/zenodo.1', 'latest'],
    ['Zenodo', '10.5281/zenodo.2', 'zenodo/10.5281/zenodo.2', 'latest'],
    ['Figshare', '10.6084/m9.figshare.1', 'figshare/10.6084/m9.figshare.1', 'latest'],
    ['Figshare', '10.6084/m9.figshare.1.v2', 'figshare/10.6084/m9.figshare.1', 'v2'],
    ['Dataverse', 'doi:10.7910/DVN/TJCLKP', 'dataverse/doi:10.7910/dvn/tjclkp', 'latest'],
    [
      'Hydroshare',
      '8f7c2f0341ef4180b0dbe97f59130756',
      'hydroshare/8f7c2f0341ef4180b0dbe97f59130756',
      'latest',
    ],
  ])('%s %s is %s in version %s', (provider, spec, repository, version) => {
    expect(standingFor({ provider, spec })).toEqual({ repository, version });
  });
});
