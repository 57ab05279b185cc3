import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { editDistance, nearest } from '../../../../src/config/values/nearest.ts';

describe('edit distance', () => {
  test.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', '', 3],
    ['', 'abc', 3],
    ['abc', 'abd', 1],
    ['abc', 'acb', 1],
    ['abc', 'ab', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ])('from %j to %j is %i', (from, to, edits) => {
    expect(editDistance(from, to)).toBe(edits);
  });

  it('is symmetric, zero only for equals, and never more than the longer word', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const edits = editDistance(a, b);
        expect(edits).toBe(editDistance(b, a));
        expect(edits === 0).toBe(a === b);
        expect(edits).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(edits).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});

describe('nearest name', () => {
  it('takes the first of equals, whatever the case', () => {
    expect(nearest('plam', ['run', 'plan', 'PLAY'])).toBe('plan');
  });
  it('has no answer without candidates', () => {
    expect(nearest('x', [])).toBeUndefined();
  });
  it('does not labour over an endless name', () => {
    expect(nearest('x'.repeat(1_000_000), ['a', 'b'])).toBe('a');
  });
});
