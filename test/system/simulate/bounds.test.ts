/** The lower bound against every policy on whole generated traces: minutes of processor time, so not among the unit tests. */
import { expect, it } from 'vitest';
import { bounds } from '../../../src/simulate/bounds/bounds.ts';
import { choosers } from '../../../src/simulate/choosers.ts';
import { families, generate } from '../../../src/simulate/generate/families.ts';
import { replay } from '../../../src/simulate/replay/replay.ts';

it.each(families)(
  'no policy fetches less than the lower bound on a generated trace of $name',
  { timeout: 120_000 },
  (family) => {
    const trace = generate(family, 11, 10);
    for (const share of [0.05, 0.15, 0.4]) {
      const capacityBytes = trace.distinctBytes * share;
      const [highBytes, lowBytes] = [capacityBytes * 0.8, capacityBytes * 0.6];
      const bound = bounds(trace, { highBytes, lowBytes }).find(({ name }) => name === 'lower-bound');
      const least = bound?.fetchedBytes ?? NaN;
      for (const maker of choosers) {
        const figures = replay(trace, maker, { capacityBytes, high: 80, low: 60, bytesPerSecond: 50e6 });
        expect(figures.fetchedBytes, `${maker.name} at ${share}`).toBeGreaterThanOrEqual(least);
      }
    }
  },
);
