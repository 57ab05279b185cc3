/**
 * KEEP_FILE: what a line may be, and what happens to the patterns in force while the file changes, is damaged or
 * removed.
 */
import fc from 'fast-check';
import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { loadExpressions } from '../../../src/config/values/expressions.ts';
import { type KeepFileNews, parseKeepFile } from '../../../src/config/keep-file.ts';
import { KeepFile } from '../../../src/commands/looking/keep-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'keep-file-'));
const path = join(folder, 'keep');
/** How long the file has to be left alone before patterns that are missing in it end. */
const rest = 5_000;

let nowMs = 0;
const now = (): number => nowMs;

beforeAll(async () => {
  await loadExpressions(['re:']);
});
beforeEach(() => {
  rmSync(path, { recursive: true, force: true });
  nowMs = 0;
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function opened(text: string): Promise<KeepFile> {
  writeFileSync(path, text);
  const file = await KeepFile.open(path, now);
  if (!(file instanceof KeepFile)) throw new Error(file.join('\n'));
  return file;
}

const textsOf = (file: KeepFile): readonly string[] => [...new Set(file.patterns.map(({ text }) => text))];

/** Reads the file as a check does. */
async function look(file: KeepFile): Promise<readonly KeepFileNews[]> {
  const news: KeepFileNews[] = [];
  await file.refresh((each) => news.push(each));
  return news;
}

describe('the lines of the file', () => {
  test.each([
    ['team/*\nquay.io/base:1\n', ['team/*', 'quay.io/base:1']],
    ['team/*', ['team/*']],
    ['# all of ours\n\nteam/* # until May\r\n\t# that is all', ['team/*']],
    ['\ufeffteam/*', ['team/*']],
    ['a b, c\nd', ['a', 'b', 'c', 'd']],
    ['re:^team#1$', ['re:^team#1$']],
    ['', []],
    ['# nothing', []],
  ])('%j', (text, patterns) => {
    const parsed = parseKeepFile(path, text);
    expect(parsed.ok && parsed.patterns.map(({ text: one }) => one)).toEqual(patterns);
    expect(parsed.ok && parsed.patterns.every(({ file }) => file === path)).toBe(true);
  });

  it('are refused each with its number', () => {
    expect(parseKeepFile(path, 'ok\nBad!\n\nre:(')).toEqual({
      ok: false,
      problems: [
        expect.stringMatching(`^${path} line 2: "Bad!" is not a valid pattern`),
        expect.stringMatching(`^${path} line 4: "re:\\(" is not a valid regular expression`),
      ],
    });
  });
});

describe('at the start', () => {
  it('a bad line, a missing file and a directory are refused', async () => {
    expect(await KeepFile.open(path, now)).toEqual([`${path}: there is no such file`]);
    expect(await KeepFile.open(folder, now)).toEqual([`${folder}: expected a plain file`]);
    writeFileSync(path, 'a\nb!\n');
    expect(await KeepFile.open(path, now)).toEqual([expect.stringContaining(`${path} line 2: `)]);
  });

  it('a link is followed, as Kubernetes lays a ConfigMap', async () => {
    writeFileSync(join(folder, 'target'), 'team/*');
    symlinkSync(join(folder, 'target'), path);
    const file = await KeepFile.open(path, now);
    expect(file instanceof KeepFile && textsOf(file)).toEqual(['team/*']);
  });
});

describe('when the file changes', () => {
  it('new patterns are in force at once, and those that are missing end once it is at rest', async () => {
    const file = await opened('a\nb\n');
    writeFileSync(path, 'b\nc\n');
    expect(await look(file)).toEqual([]);
    expect(textsOf(file)).toEqual(['a', 'b', 'c']);
    nowMs += rest - 1;
    await look(file);
    expect(textsOf(file)).toEqual(['a', 'b', 'c']);
    nowMs += 1;
    expect(await look(file)).toEqual([{ event: 'keep-file.read', path, patterns: 2 }]);
    expect(textsOf(file)).toEqual(['b', 'c']);
    expect(await look(file)).toEqual([]);
  });

  it('an editor that empties it before it writes ends no protection', async () => {
    const file = await opened('a\n');
    writeFileSync(path, '');
    await look(file);
    nowMs += rest;
    writeFileSync(path, 'a\nb\n');
    await look(file);
    expect(textsOf(file)).toEqual(['a', 'b']);
  });

  it('a new file in its place is read, also with the old size and time', async () => {
    const file = await opened('a\n');
    writeFileSync(join(folder, 'new'), 'b\n');
    renameSync(join(folder, 'new'), path);
    await look(file);
    expect(textsOf(file)).toEqual(['a', 'b']);
  });

  it('a bad line is reported once, and the patterns read before stay in force until it is fixed', async () => {
    const file = await opened('a\n');
    writeFileSync(path, 'b\nc!\n');
    expect(await look(file)).toEqual([
      { event: 'keep-file.failed', path, message: expect.stringContaining(`${path} line 2: `) as string },
    ]);
    expect(await look(file)).toEqual([]);
    expect(textsOf(file)).toEqual(['a']);
    writeFileSync(path, 'b\n');
    await look(file);
    nowMs += rest;
    expect(await look(file)).toEqual([{ event: 'keep-file.read', path, patterns: 1 }]);
    expect(textsOf(file)).toEqual(['b']);
  });

  it('a removed file takes no pattern with it, and is used again when it returns', async () => {
    const file = await opened('a\n');
    unlinkSync(path);
    expect(await look(file)).toEqual([
      {
        event: 'keep-file.failed',
        path,
        message: `${path}: there is no such file. The patterns read before stay in force.`,
      },
    ]);
    nowMs += 10 * rest;
    expect(await look(file)).toEqual([]);
    expect(textsOf(file)).toEqual(['a']);
    writeFileSync(path, 'a\n');
    await look(file);
    nowMs += rest;
    expect(await look(file)).toEqual([{ event: 'keep-file.read', path, patterns: 1 }]);
  });

  it('whatever happens to it, the patterns of the last good file at rest are in force', async () => {
    const content = fc.oneof(
      fc.subarray(['a', 'b', 'c', 'd']).map((lines) => lines.join('\n')),
      fc.constantFrom('a\nb!', 're:(', undefined),
    );
    const step = fc.record({
      content,
      waitMs: fc.constantFrom(0, 1, rest - 1, rest, 10 * rest),
      looks: fc.nat({ max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        nowMs = 0;
        const file = await opened('a\nb');
        let safe = ['a', 'b'];
        for (const { content: text, waitMs, looks } of steps) {
          rmSync(path, { force: true });
          if (text !== undefined) writeFileSync(path, text);
          await look(file);
          expect(textsOf(file)).toEqual(expect.arrayContaining(safe));
          const parsed = parseKeepFile(path, text ?? '!');
          const written = parsed.ok ? parsed.patterns.map((pattern) => pattern.text) : undefined;
          if (written !== undefined) expect(textsOf(file)).toEqual(expect.arrayContaining(written));
          for (let at = 0; at < looks; at++) {
            nowMs += waitMs;
            await look(file);
          }
          const rested = written !== undefined && looks > 0 && looks * waitMs >= rest;
          if (rested) safe = written;
          expect(textsOf(file)).toEqual(expect.arrayContaining(safe));
          if (rested) expect([...textsOf(file)].sort()).toEqual([...new Set(written)].sort());
        }
      }),
      { numRuns: 60 },
    );
  });
});
