/** Nothing hidden gets through to a terminal, and JSON keeps its values. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounded, printable, printableJson, printableLines } from '../../../../src/core/model/printable.ts';

/** By name, so that the test does not repeat the expression of the code. */
const hiddenOnes = [
  ['escape', '\u001b'],
  ['delete', '\u007f'],
  ['a C1 control (CSI)', '\u009b'],
  ['right-to-left override', '\u202e'],
  ['left-to-right isolate', '\u2066'],
  ['Arabic letter mark', '\u061c'],
  ['zero-width space', '\u200b'],
  ['zero-width joiner', '\u200d'],
  ['byte order mark', '\ufeff'],
  ['soft hyphen', '\u00ad'],
  ['line separator', '\u2028'],
  ['paragraph separator', '\u2029'],
  ['Hangul filler', '\u3164'],
  ['variation selector', '\ufe0f'],
  ['a tag character', '\u{e0041}'],
] as const;
const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom(...hiddenOnes.map(([, one]) => one)), fc.string({ unit: 'binary' })),
});

describe('printable', () => {
  it.each(hiddenOnes)('makes %s visible', (_name, one) => {
    const text = printable(`a${one}b`);
    expect(text).toMatch(/^a(\\u[0-9a-f]{4})+b$/);
    expect(printableJson(JSON.stringify(`a${one}b`))).toMatch(/^"a(\\u[0-9a-f]{4})+b"$/);
  });

  it('makes a lone half of a surrogate pair visible, and leaves whole characters of any script as they are', () => {
    expect(printable('a\ud800b')).toBe('a\\ud800b');
    expect(printable('müller/café:語😀')).toBe('müller/café:語😀');
  });

  it('gives one line, or as many as the text has', () => {
    expect(printable('a\nb')).toBe('a\\nb');
    expect(printableLines('a\nb\u001b')).toBe('a\nb\\u001b');
  });

  it('is bounded for any input, and cuts no character in two', () => {
    expect(printable('x'.repeat(100_000), 20)).toBe(`${'x'.repeat(20)}… (100000 characters)`);
    expect(printable('😀'.repeat(100), 21)).toBe(`${'😀'.repeat(10)}… (200 characters)`);
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 50 }), (text, longest) => {
        const shown = printable(text, longest);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u200b-\u200f]/u);
        expect(shown.length).toBeLessThan(12 * longest + 40);
      }),
    );
  });
});

describe('printableJson', () => {
  it('is the same value for a reader', () => {
    fc.assert(
      fc.property(fc.array(anyText), (texts) => {
        const json = printableJson(JSON.stringify(texts));
        expect(JSON.parse(json)).toEqual(texts);
        expect(json).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('bounded', () => {
  it('cuts long strings and lists at any depth, and leaves the rest', () => {
    expect(bounded({ a: ['y'.repeat(100_000)], b: { c: 1, d: undefined, e: null, f: true } })).toEqual({
      a: [`${'y'.repeat(4000)}… (100000 characters)`],
      b: { c: 1, d: undefined, e: null, f: true },
    });
    const names = Array.from({ length: 5000 }, (_, index) => `name:${index}`);
    expect(bounded(names)).toEqual([...names.slice(0, 100), '… and 4900 more']);
  });
});
