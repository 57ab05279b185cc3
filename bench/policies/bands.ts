/** What the band below HIGH costs and saves: rows of the table "What the band costs" in docs/policies.md, printed by `npm run bench policies -- --bands`. */
import { formatBytes } from '../../src/core/model/format.ts';
import type { ChooserMaker } from '../../src/simulate/replay/chooser.ts';
import type { Figures } from '../../src/simulate/replay/figures.ts';
import { replay } from '../../src/simulate/replay/replay.ts';
import type { Cell } from './policies.ts';

const HIGH = 80;
const USUAL_LOW = 60;
/** Where less is fetched again, a single image more or less would be all of the ratio. */
const LITTLE = 10e9;
const LOWS = [40, USUAL_LOW, 70, 75, 78];

/** Geometric means over all cells, against LOW 60: bytes fetched again, sweeps, minutes cordoned; and the extremes. */
export async function printBands(cells: AsyncIterable<Cell>, makers: readonly ChooserMaker[]): Promise<void> {
  const ratios = new Map<string, { again: number[]; sweeps: number[]; cordoned: number[] }>();
  let count = 0;
  for await (const { trace, share } of cells) {
    count += 1;
    for (const maker of makers) {
      const at = (low: number): Figures =>
        replay(trace, maker, {
          capacityBytes: trace.distinctBytes * share,
          high: HIGH,
          low,
          bytesPerSecond: 50e6,
        });
      const usual = at(USUAL_LOW);
      for (const low of LOWS) {
        const figures = low === USUAL_LOW ? usual : at(low);
        const key = `${maker.name}|${low}`;
        const list = ratios.get(key) ?? { again: [], sweeps: [], cordoned: [] };
        if (usual.refetchedBytes >= LITTLE) list.again.push(figures.refetchedBytes / usual.refetchedBytes);
        list.sweeps.push(figures.sweeps / usual.sweeps);
        list.cordoned.push(figures.cordonedMinutes / usual.cordonedMinutes);
        ratios.set(key, list);
      }
    }
  }
  process.stdout.write(
    `${count} cells, HIGH ${HIGH}%: geometric means against LOW ${USUAL_LOW}%, with the least and the most; ` +
      `bytes where at least ${formatBytes(LITTLE)} are fetched again\n\n` +
      '| policy | LOW | fetched again | sweeps | cordoned |\n| --- | ---: | ---: | ---: | ---: |\n',
  );
  for (const [key, { again, sweeps, cordoned }] of ratios) {
    const [policy = '', low = ''] = key.split('|');
    process.stdout.write(
      `| ${[policy, `${low}%`, said(again), said(sweeps), said(cordoned)].join(' | ')} |\n`,
    );
  }
}

/** Cells without anything to compare with are left out. */
function said(all: readonly number[]): string {
  const list = all.filter((ratio) => Number.isFinite(ratio) && ratio > 0);
  const mean = Math.exp(list.reduce((sum, ratio) => sum + Math.log(ratio), 0) / list.length);
  if (list.every((ratio) => ratio === 1)) return '1';
  return `${mean.toFixed(2)} (${Math.min(...list).toFixed(2)}–${Math.max(...list).toFixed(2)})`;
}
