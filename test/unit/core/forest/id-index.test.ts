import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IdIndex } from '../../../../src/core/forest/id-index.ts';

// Few different characters, so that many IDs end alike; some are longer than what is hashed.
const ids = fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '𝄞'), maxLength: 20 }), {
  maxLength: 400,
});

it('numbers IDs in their order, and finds them and no others, like a Map', () => {
  fc.assert(
    fc.property(ids, ids, fc.nat(400), (present, asked, first) => {
      const index = new IdIndex(present.slice(0, first));
      const map = new Map(present.map((id, number) => [id, number]));
      for (const id of present.slice(first)) expect(index.add(id)).toBe(map.get(id));
      expect(index.ids).toEqual(present);
      const all = [...present, ...asked];
      for (const id of all) expect(index.get(id)).toBe(map.get(id) ?? -1);
      expect([...index.getAll(all)]).toEqual(all.map((id) => map.get(id) ?? -1));
    }),
  );
});

it('finds IDs of which the end is the same', () => {
  const index = new IdIndex([]);
  const alike = Array.from({ length: 500 }, (_, at) => `${at}:the-same-at-the-end`);
  for (const id of alike) index.add(id);
  expect(alike.map((id) => index.get(id))).toEqual(alike.map((_, at) => at));
  expect(index.get('500:the-same-at-the-end')).toBe(-1);
});
