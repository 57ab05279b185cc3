/** `plan` and `status` with names of 120 characters: on terminals of three widths, and in a pipe. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, test } from 'vitest';
import { planText } from '../../../../src/surfaces/terminal/plan-text.ts';
import { statusText } from '../../../../src/surfaces/terminal/status-text.ts';
import { plainColumns, table } from '../../../../src/surfaces/terminal/table.ts';
import { dfPercent, gauges } from '../../../../src/surfaces/terminal/terminal.ts';
import { spaceText } from '../../../../src/surfaces/terminal/space.ts';
import { widthOf } from '../../../../src/surfaces/terminal/text-width.ts';
import type { SpaceByKind } from '../../../../src/core/model/space-kinds.ts';
import { spaceNames } from '../../../../src/surfaces/json/space-names.ts';
import type { Removable } from '../../../../src/core/forest/removable.ts';
import { binderNames, lookOf, shownPlan, shownStatus } from './binderhub.ts';

const planAt = (columns: number | undefined, list = {}): string =>
  stripVTControlCharacters(planText(shownPlan, lookOf(columns, list)));
const statusAt = (columns: number | undefined, list = {}): string =>
  stripVTControlCharacters(statusText(shownStatus, lookOf(columns, list)));
/** A disk of 2 TB with each kind of space. */
const part = { bytes: 123.4e9, inodes: 12_345_678 };
const account: SpaceByKind = {
  path: '/var/lib/docker',
  total: { bytes: 2e12, inodes: 123_456_789 },
  parts: Object.fromEntries(Object.keys(spaceNames).map((kind) => [kind, part])) as SpaceByKind['parts'],
  unusedVolumes: ['a-volume-with-a-long-name', 'another-one'],
  leftovers: [`/var/lib/docker/overlay2/${'0123456789abcdef'.repeat(4)}`],
};

/** The lines of a table below its heading. */
const rowsOf = (text: string, title: string): readonly string[] => {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith(title));
  const to = lines.findIndex((line, at) => at > from && /^(|….*|\d+ steps? of classic builds.*)$/.test(line));
  return lines.slice(from + 1, to);
};

describe('a table', () => {
  it('aligns cells with colours, and lets nothing from elsewhere command the terminal', () => {
    const red = '\u001b[31m';
    const text = table(plainColumns(['A', 'B'], [1]), [
      [{ styled: `${red}x\u001b[39m` }, '1'],
      ['long\u001b[2J', '22'],
    ]);
    const lines = stripVTControlCharacters(text.split('\n').slice(1).join('\n')).split('\n');
    expect(lines).toEqual(['x               1', 'long\\u001b[2J  22']);
  });
});

describe.each([60, 80, 120, 200])('on a terminal of %i columns', (columns) => {
  test.each([
    ['plan', planAt],
    ['plan --all', (width: number) => planAt(width, { all: true })],
    ['status', statusAt],
    ['status --all', (width: number) => statusAt(width, { all: true })],
  ])('%s has no line that is too long', (_, textAt) => {
    for (const line of textAt(columns).split('\n')) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
  });

  it('the account of the space has no line that is too long', () => {
    for (const line of stripVTControlCharacters(spaceText(account, lookOf(columns))).split('\n'))
      expect(widthOf(line), line).toBeLessThanOrEqual(columns);
  });

  it('characters of two columns, as in names of other scripts and emoji, are counted as two', () => {
    const name = `ビルド用の長い名前キャッシュ🚀🧪-${'数据'.repeat(20)}`;
    const victims = shownPlan.due.victims.map((victim) => ({ ...victim, references: [name] }));
    const text = planText({ ...shownPlan, due: { ...shownPlan.due, victims } }, lookOf(columns));
    const lines = stripVTControlCharacters(text).split('\n');
    for (const line of lines) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
    const sizes = lines
      .filter((line) => line.startsWith('ビルド'))
      .map((line) => / [\d.]+ [MG]B {2}/.exec(line));
    expect(sizes).not.toContain(null);
  });

  it('every image to delete has its size, and the whole of why', () => {
    const text = planAt(columns, { all: true });
    const head = text.split('\n').find((line) => line.startsWith('DELETE')) ?? '';
    const why = head.indexOf('WHY');
    const reasons = shownPlan.due.victims.map(({ reason }) => reason);
    const rows: string[][] = [];
    for (const line of rowsOf(text, 'DELETE')) {
      if (line.startsWith('  python:')) continue;
      if (/^\S/.test(line)) rows.push([line]);
      else rows.at(-1)?.push(line);
    }
    expect(rows.map((lines) => lines.map((line) => line.slice(why).trim()).join(' '))).toEqual(reasons);
    for (const [first = ''] of rows) expect(first.slice(0, why)).toMatch(/ \d[\d.]* [kMG]B {2}$/);
  });

  it('all names can be distinguished, and end in their tag', () => {
    const names = rowsOf(planAt(columns, { all: true }), 'DELETE').flatMap((line) =>
      line.startsWith('us-') ? [line.split('  ')[0] ?? ''] : [],
    );
    expect(names).toHaveLength(binderNames.length - 1);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('IDs', () => {
  it('are shown on terminals that have room for them beside names and reasons', () => {
    expect(planAt(120)).toMatch(/^DELETE +ID +SIZE +WHY$/m);
    expect(planAt(80)).toMatch(/^DELETE +SIZE +WHY$/m);
  });
});

describe('in a pipe', () => {
  it('names and reasons are whole, and no line is padded to the longest name', () => {
    const text = planAt(undefined);
    for (const { references, reason } of shownPlan.due.victims) {
      expect(text).toContain(references[0]);
      expect(text).toContain(reason);
    }
    const short = rowsOf(text, 'DELETE').find((line) => line.startsWith('built:1')) ?? '';
    expect(short.indexOf('420 MB')).toBeLessThan(70);
    expect(text).not.toMatch(/ $/m);
  });

  it('every row is there', () => {
    expect(rowsOf(planAt(undefined), 'DELETE')).toHaveLength(shownPlan.due.victims.length);
    expect(planAt(undefined)).not.toContain('more; --all');
  });
});

describe('how much is listed', () => {
  it('25 rows of a table on a terminal, and how many more there are', () => {
    expect(rowsOf(statusAt(200), 'IMAGE')).toHaveLength(25);
    expect(statusAt(200)).toContain('… and 17 more; --all lists them.');
  });

  it('--top shows that many rows, also in a pipe', () => {
    expect(rowsOf(statusAt(undefined, { top: 3 }), 'IMAGE')).toHaveLength(3);
    expect(rowsOf(planAt(200, { top: 30 }), 'DELETE')).toHaveLength(30);
  });

  it('folds the steps of classic builds; --all has them, and all names of an image', () => {
    const folded = statusAt(undefined);
    expect(folded).toContain('1 step of classic builds is not listed');
    expect(folded).not.toContain('<none> step');
    expect(folded).toMatch(/^python:3\.13 \+2 /m);
    const all = statusAt(undefined, { all: true });
    expect(all).toMatch(/^<none> step /m);
    expect(all).toMatch(/^python:3\.13 .*\n {2}python:3\n {2}python:latest$/m);
    expect(all).not.toContain('not listed');
    expect(planAt(undefined)).toContain('1 step of classic builds is not listed');
  });

  it('a live view has every row: it scrolls', () => {
    expect(rowsOf(statusAt(200, { scrolls: true }), 'IMAGE')).toHaveLength(42);
  });
});

describe('--sort', () => {
  const first = (text: string, title: string): string => rowsOf(text, title)[0] ?? '';

  it('sorts images by size, age and name', () => {
    expect(first(statusAt(undefined, { sort: 'size' }), 'IMAGE')).toContain(binderNames[39]);
    expect(first(statusAt(undefined, { sort: 'age' }), 'IMAGE')).toContain(binderNames[39]);
    expect(first(statusAt(undefined, { sort: 'name' }), 'IMAGE')).toContain('built:1');
    expect(first(statusAt(undefined, { sort: 'unique' }), 'IMAGE')).toContain(binderNames[39]);
    expect(first(statusAt(undefined, { sort: 'shared' }), 'IMAGE')).toContain(binderNames[3]);
  });

  it('keeps the order of deletion by default', () => {
    const names = rowsOf(planAt(undefined), 'DELETE').map((line) =>
      line.split(/ {2,}/)[0]?.replace(/ \+.*/, ''),
    );
    expect(names).toEqual(shownPlan.due.victims.map(({ references }) => references[0]));
    expect(first(planAt(undefined, { sort: 'name' }), 'DELETE')).toContain('built:1');
  });
});

describe('what is explained', () => {
  it('the columns of sizes, below them', () => {
    expect(statusAt(undefined)).toMatch(/^SIZE: .* UNIQUE: .* SHARED: /m);
  });

  it('patterns of KEEP that match nothing, by name, in both', () => {
    expect(planAt(80)).toContain('KEEP pattern postgres:* matches no image here.');
    expect(statusAt(80)).toContain('KEEP pattern postgres:* matches no image here.');
  });

  it('the kind, where there is more than one', () => {
    expect(planAt(undefined)).not.toContain('KIND');
    const record: Pick<Removable, 'id' | 'kind' | 'references' | 'sizeBytes'> & { reason: string } = {
      id: 'abc',
      kind: 'build-cache',
      references: ['mount / from exec /bin/sh -c make'],
      sizeBytes: 5,
      reason: 'unused',
    };
    const freed = { bytes: 5, inodes: 1, exact: true };
    const victims = [...shownPlan.due.victims, { ...record, keepParents: false, predicted: freed }];
    const text = planText({ ...shownPlan, due: { ...shownPlan.due, victims } }, lookOf(undefined));
    expect(stripVTControlCharacters(text)).toMatch(/^DELETE +KIND +ID +SIZE +WHY$/m);
    expect(text).toMatch(/from exec .* {2}build cache {2}abc/);
    expect(text).toContain(`${victims.length} items would be deleted`);
  });

  it('the target of `clean` alone, which is both of its thresholds', () => {
    const usage = { path: '/', bytes: { total: 1000e9, available: 250e9 }, inodes: undefined };
    const target = gauges(
      { ...usage, allocated: undefined },
      { type: 'free', high: 3e11, low: 3e11 },
      lookOf(undefined),
    );
    expect(target).toContain('target 300 GB free');
    expect(target).not.toContain('high');
  });

  it('what df shows, where it is another number', () => {
    const relative = { type: 'relative', high: 80, low: 60 } as const;
    const at = (reserved: number): string =>
      gauges(
        {
          path: '/',
          bytes: { total: 1000e9, available: 250e9, reserved },
          inodes: undefined,
          allocated: undefined,
        },
        relative,
        lookOf(undefined),
      );
    // used 650, available 250: 650 / 900 = 72.2%, rounded up as df does.
    expect(at(100e9)).toContain('df shows 73%: it leaves out 100 GB reserved for root');
    expect(at(0)).not.toContain('df');
    expect(dfPercent({ total: 1000e9, available: 250e9, reserved: 100e9 })).toBe(73);
  });
});
