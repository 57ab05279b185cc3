import { expect, it } from 'vitest';
import { layerSizes } from '../../../../src/engine/docker/translate.ts';

it.each([
  ['a step for each layer', [3, 2, 1], 3, [1, 2, 3]],
  ['steps without a layer', [0, 3, 0, 2, 0], 2, [2, 3]],
  ['empty layers, and no step without a layer', [0, 3, 0], 3, [0, 3, 0]],
  ['no layers', [0, 0], 0, []],
  ['an empty layer that could be any of two steps', [0, 3, 0], 2, undefined],
  ['less steps than layers', [3], 2, undefined],
  ['no history', [], 1, undefined],
])('%s', (_, steps, layers, sizes) => {
  expect(layerSizes(steps, layers)).toEqual(sizes);
});
