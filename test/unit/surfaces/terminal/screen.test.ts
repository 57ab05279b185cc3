/** Cutting to a terminal's size, and what is not drawn. On a real terminal: test/engine/terminal.test.ts. */
import fc from 'fast-check';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cut, fitted } from '../../../../src/surfaces/terminal/screen.ts';
import { table } from '../../../../src/surfaces/terminal/terminal.ts';

const red = '\u001b[31m';
const end = '\u001b[39m';

describe('cut', () => {
  it('counts no column for colours and ends them where it cuts', () => {
    expect(cut(`${red}abc${end}def`, 6)).toBe(`${red}abc${end}def`);
    expect(cut(`${red}abcdef${end}`, 3)).toBe(`${red}abc\u001b[0m`);
  });

  it('is never longer than asked, and leaves alone what fits', () => {
    const part = fc.oneof(
      fc.string({ unit: 'grapheme-ascii', maxLength: 8 }),
      fc.constantFrom(red, end, '😀'),
    );
    fc.assert(
      fc.property(fc.array(part), fc.nat(20), (parts, columns) => {
        const line = parts.join('');
        const shown = [...stripVTControlCharacters(cut(line, columns))];
        expect(shown.length).toBeLessThanOrEqual(columns);
        if ([...stripVTControlCharacters(line)].length <= columns) expect(cut(line, columns)).toBe(line);
      }),
    );
  });
});

describe('fitted', () => {
  it('says how many lines are left out', () => {
    expect(fitted('a\nb\nc\n', 80, 3)).toEqual(['a', 'b', 'c']);
    expect(fitted('a\nb\nc\nd\n', 80, 3)).toEqual(['a', 'b', '… 2 more lines']);
  });
});

describe('table', () => {
  it('aligns cells with colours, and lets nothing from elsewhere command the terminal', () => {
    const text = table(
      ['A', 'B'],
      [
        [{ styled: `${red}x${end}` }, '1'],
        ['long\u001b[2J', '22'],
      ],
      [1],
    );
    const lines = stripVTControlCharacters(text.split('\n').slice(1).join('\n')).split('\n');
    expect(lines).toEqual(['x               1', 'long\\u001b[2J  22']);
  });
});
