import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JsonFilter } from '../../../src/system/json-filter.ts';

const wanted = new Set(['Id', 'Labels', 'keep', 'Size']);

function filtered(text: string, pieceBytes = 7): string {
  const filter = new JsonFilter(wanted);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) filter.push(bytes.subarray(at, at + pieceBytes));
  return filter.text();
}

/** The same by the slow way. */
function picked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(picked);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([key]) => wanted.has(key));
  return Object.fromEntries(members.map(([key, inner]) => [key, picked(inner)]));
}

const key = fc.oneof(fc.constantFrom(...wanted), fc.string());
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, 0, -1.5e3, 'say \\ "this"'),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('json'), { maxLength: 5 }),
    fc.dictionary(key, tie('json'), { maxKeys: 6 }),
  ),
}));

it('the output is what was asked for, of any JSON in any pieces', () => {
  fc.assert(
    fc.property(
      json,
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom(undefined, 2),
      (value, bytes, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(JSON.parse(filtered(text, bytes))).toEqual(picked(JSON.parse(text)));
      },
    ),
  );
}, 60_000);

it('a label of 48 MB, a million labels and a long list of variables take no room', () => {
  const filter = new JsonFilter(wanted);
  const piece = (text: string): void => {
    filter.push(Buffer.from(text));
  };
  piece('[{"Id":"one","Env":[');
  for (let n = 0; n < 100_000; n++) piece(`"A${n}=\\"x\\"",`);
  piece('""],"Labels":{"keep":"yes","monster":"');
  for (let n = 0; n < 48; n++) piece('y'.repeat(1_000_000));
  piece('"');
  for (let n = 0; n < 1_000_000; n++) piece(`,"label${n}":"v"`);
  piece('}},{"Id":"two","Size":5}]');
  expect(JSON.parse(filter.text())).toEqual([
    { Id: 'one', Labels: { keep: 'yes' } },
    { Id: 'two', Size: 5 },
  ]);
  expect(filter.bytes).toBeLessThan(100);
}, 60_000);

it('a string that is asked for and is too long is replaced, and what follows is right', () => {
  const long = 'z'.repeat(70_000);
  const text = JSON.stringify([
    { Id: long, Size: 1 },
    { Id: `${long.slice(0, 60_000)}`, Size: 2 },
  ]);
  const [first, second] = JSON.parse(filtered(text, 1000)) as { Id: string; Size: number }[];
  expect(first).toEqual({ Id: '(too long)', Size: 1 });
  expect(second?.Id).toHaveLength(60_000);
});

it('invalid JSON remains invalid', () => {
  for (const text of ['<html>', '{"Id":', '[1,2', 'nul']) {
    expect(() => JSON.parse(filtered(text)) as unknown).toThrow(SyntaxError);
  }
});
