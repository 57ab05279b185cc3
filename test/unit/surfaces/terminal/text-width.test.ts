/** Columns of a terminal: what takes how many, and how names and sentences are made to fit. */
import fc from 'fast-check';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cut, shortened, widthOf, wrapped } from '../../../../src/surfaces/terminal/text-width.ts';
import { binderName } from './binderhub.ts';

const red = '\u001b[31m';
const end = '\u001b[39m';

describe('cut', () => {
  it('counts no column for colours and ends them where it cuts', () => {
    expect(cut(`${red}abc${end}def`, 6)).toBe(`${red}abc${end}def`);
    expect(cut(`${red}abcdef${end}`, 3)).toBe(`${red}abc\u001b[0m`);
  });

  it('counts wide characters as two columns', () => {
    expect(widthOf('映像😀')).toBe(6);
    expect(cut('映像', 3)).toBe('映\u001b[0m');
  });

  it('is never longer than asked, and leaves alone what fits', () => {
    const part = fc.oneof(
      fc.string({ unit: 'grapheme-ascii', maxLength: 8 }),
      fc.constantFrom(red, end, '😀', '映'),
    );
    fc.assert(
      fc.property(fc.array(part), fc.nat(20), (parts, columns) => {
        const line = parts.join('');
        expect(widthOf(cut(line, columns))).toBeLessThanOrEqual(columns);
        if (widthOf(line) <= columns) expect(cut(line, columns)).toBe(line);
      }),
    );
  });
});

describe('shortened', () => {
  it('leaves alone what fits, then shortens digests and commits, then the middle', () => {
    const digest = `registry.example/team/app@sha256:${'0123456789abcdef'.repeat(4)}`;
    expect(shortened(digest, 100)).toBe(digest);
    expect(shortened(digest, 60)).toBe('registry.example/team/app@sha256:0123456…');
    expect(shortened('registry.example/team/application:1.2', 20)).toBe('regist…plication:1.2');
  });

  it('distinguishes names of BinderHub at 40 columns', () => {
    const names = Array.from({ length: 200 }, (_, at) => binderName(at));
    expect(names.every((name) => name.length === 120)).toBe(true);
    expect(new Set(names.map((name) => shortened(name, 40))).size).toBe(200);
  });

  it('is as wide as there is room for, and never wider', () => {
    const character = fc.constantFrom('a', '/', '9', '映', '😀', 'é');
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 60 }), fc.nat(30), (name, columns) => {
        const width = widthOf(shortened(name, columns));
        expect(width).toBeLessThanOrEqual(columns);
        // A wide character may not fit the last column at either side of the cut.
        if (widthOf(name) > columns && columns > 0) expect(width).toBeGreaterThanOrEqual(columns - 2);
      }),
    );
  });
});

describe('wrapped', () => {
  it('breaks between words only, and loses none', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '-', '映'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 24, max: 60 }), (words, columns) => {
        const lines = wrapped(words.join(' '), columns);
        expect(lines.join(' ')).toBe(words.join(' '));
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it('shortens a word that is longer than a line', () => {
    const [first = '', second = ''] = wrapped(`of ${'x'.repeat(50)} here`, 20);
    expect(first).toBe('of');
    expect(second).toBe('xxxxxx…xxxxxxxxxxxxx');
  });

  it('leaves a number with its unit', () => {
    expect(wrapped('frees 4.92 GB now', 10)).toEqual(['frees', '4.92 GB', 'now']);
    expect(wrapped('in use 80 GB of it', 12)).toEqual(['in use 80 GB', 'of it']);
  });

  it('takes colours for no part of a word', () => {
    expect(wrapped(`${red}ab${end} cd`, 5)).toEqual([`${red}ab${end} cd`]);
    expect(stripVTControlCharacters(wrapped(`${red}ab${end} cd`, 4).join('|'))).toBe('ab|cd');
  });
});
