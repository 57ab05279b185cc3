/** Queries of our metrics by the names of their one definition, for the nodes that are chosen. */
import { metrics } from '../../src/surfaces/metrics/table.ts';

const chosen = 'job="$job", instance=~"$instance"';

/** The series of a metric. @param more further conditions: `resource="bytes"`. */
export function of(metric: keyof typeof metrics, more?: string): string {
  return `${metrics[metric].name}{${chosen}${more === undefined ? '' : `, ${more}`}}`;
}

/** Whether the cleaners can be scraped. */
export const up = `up{${chosen}}`;

/** What may be absent counts as none. */
export function orZero(query: string): string {
  return `${query} or vector(0)`;
}

/** How many series there are of it. */
export function countOf(query: string): string {
  return orZero(`count(${query})`);
}

/** The increase of a counter over this time, all nodes together. */
export function gained(metric: keyof typeof metrics, time: string): string {
  return orZero(`sum(increase(${of(metric)}[${time}]))`);
}

/** What a counter gained in an hour by the values of labels, those that gained something; `none` where no one did. */
export function gainedBy(metric: keyof typeof metrics, ...labels: readonly [string, ...string[]]): string {
  const some = `sum by (${labels.join(', ')}) (increase(${of(metric)}[1h])) > 0`;
  return `${some} or label_replace(vector(0), "${labels[0]}", "none", "", "")`;
}

/** A share of how long something took, in the six hours before. */
export function quantile(share: number, metric: 'sweepDuration' | 'deletionDuration'): string {
  const buckets = of(metric).replace('{', '_bucket{');
  return `histogram_quantile(${share}, sum by (le) (rate(${buckets}[6h])))`;
}
