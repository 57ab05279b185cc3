import { expect, test } from 'vitest';
import { chainIds } from '../../../src/system/chain-id.ts';

const base = 'sha256:9df12df60387a7ca2bb51aa0925757d16af1e61709df32324acc156fa90cd7a8';

test('no layers have no chain IDs', () => {
  expect(chainIds([])).toEqual([]);
});

test("a bottom layer's chain ID is its diff ID", () => {
  expect(chainIds([base])).toEqual([base]);
});

test('a chain ID is the digest of the chain ID below, a space and the diff ID', () => {
  const upper = 'sha256:aec932441ec83a3af8400d612023500046c9dede9d3b56ba73780c903e46fcd6';
  // printf '%s %s' BASE UPPER | sha256sum; also what Docker Engine 20.10 names the layer in its layer database.
  expect(chainIds([base, upper])).toEqual([
    base,
    'sha256:f8741603a27d1072652c7c6b4cc9628bd7be3f741bf1a5fdf295a8148fcd520a',
  ]);
});

test('equal layers at different heights differ', () => {
  const [bottom, second, third] = chainIds([base, base, base]);
  expect(new Set([bottom, second, third]).size).toBe(3);
});
