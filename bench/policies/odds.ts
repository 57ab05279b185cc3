/**
 * What can be had without seeing the future: choices that know how a generated trace is made, its popularities of the hour
 * and what is planned, and only not how the dice will fall. They make the rest of the trace several times with other dice,
 * and let go what is least often wanted soon. Nobody on a real host knows that much, so no policy can be expected to do
 * better than the best of them does, but for luck.
 */
import type { WorthPolicy } from '../../src/core/policy/policy.ts';
import { type ChooserMaker, plannedVictims } from '../../src/simulate/replay/chooser.ts';
import type { Family } from '../../src/simulate/generate/families.ts';
import { DAY, HOUR, START } from '../../src/simulate/generate/make.ts';

const FUTURES = 8;
/** What is used within this many days should be kept: short for tight disks, long for roomy ones. */
const HORIZONS_DAYS: readonly number[] = [2, 7];

export function knowsTheOdds(family: Family, seed: number, days: number): readonly ChooserMaker[] {
  return HORIZONS_DAYS.map((horizon) => {
    const described = { name: `odds-${horizon}`, summary: 'knows all but the dice', isReference: true };
    return {
      ...described,
      make: (store) => (moment) => {
        const wanted = oddsOf(family, seed, days, moment.nowMs / 1000, horizon * DAY);
        const bytes = new Map(store.trace.layers.map((layer) => [layer.id, layer.bytes]));
        const policy: WorthPolicy = {
          kind: 'worth',
          ...described,
          worths: () => ({
            unit: () => 0,
            layer: (id) => (bytes.get(id) ?? 0) * ((wanted.get(id) ?? 0) + 1e-9),
          }),
          reason: () => 'rarely used',
        };
        return plannedVictims(policy, moment);
      },
    };
  });
}

/** By layer: in what share of the futures it is wanted within the horizon. */
function oddsOf(
  family: Family,
  seed: number,
  days: number,
  now: number,
  horizon: number,
): ReadonlyMap<string, number> {
  const fromHour = Math.floor((now - START) / HOUR);
  const untilDays = Math.min(days, Math.ceil((now + horizon - START) / DAY) + 1);
  const odds = new Map<string, number>();
  for (let future = 0; future < FUTURES; future++) {
    const other = { fromHour, seed: 1000 + future * 7919 + fromHour };
    const wanted = new Set<string>();
    for (const { time, layers = [] } of family.generate(seed, untilDays, family.perDay, other))
      if (time >= now && time < now + horizon) for (const { id } of layers) wanted.add(id);
    for (const id of wanted) odds.set(id, (odds.get(id) ?? 0) + 1 / FUTURES);
  }
  return odds;
}
