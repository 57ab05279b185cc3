import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ascending } from '../../../../../src/core/select/order/sorting.ts';

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
