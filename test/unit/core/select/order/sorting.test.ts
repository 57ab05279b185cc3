import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ascending, mergeRuns, nthLowest } from '../../../../../src/core/select/order/sorting.ts';

it('orders as a sort by value does that leaves equal ones in their order', () => {
  const value = fc.oneof(fc.constantFrom(0, -0, 1, Infinity, -Infinity), fc.double({ noNaN: true }));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 60 }), (values) => {
      const sorted = values
        .map((value, at) => ({ value, at }))
        .sort((a, b) => (a.value === b.value ? a.at - b.at : a.value - b.value));
      expect([...ascending(Float64Array.from(values))]).toEqual(sorted.map(({ at }) => at));
    }),
  );
});

const numbers = fc.uniqueArray(fc.nat(200), { maxLength: 60 });

it('merges pieces that are in order, as a sort does', () => {
  fc.assert(
    fc.property(numbers, fc.array(fc.nat(59), { maxLength: 6 }), (list, cuts) => {
      const pieces = [0, ...cuts.toSorted((a, b) => a - b), 60].flatMap((cut, at, all) =>
        list.slice(cut, all[at + 1] ?? 0).sort((a, b) => a - b),
      );
      expect(mergeRuns(pieces, (a, b) => a < b)).toEqual(list.toSorted((a, b) => a - b));
      expect(mergeRuns(list, (a, b) => a > b)).toEqual(list.toSorted((a, b) => b - a));
    }),
  );
});

it('finds the value that would be at a place in order', () => {
  const some = fc.array(fc.nat(20), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(some, fc.nat(), (list, any) => {
      const place = any % list.length;
      expect(nthLowest(Float64Array.from(list), place)).toBe(list.toSorted((a, b) => a - b)[place]);
    }),
  );
});
