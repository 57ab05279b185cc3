/**
 * Values of metrics, and their exposition text (format 0.0.4, which every Prometheus reads). Counters and histograms
 * are there from the start, with zeros: the first event is then an increase. A gauge is there once it is known.
 */
import {
  type Counter,
  type Gauge,
  type Histogram,
  type Info,
  type LabelSpec,
  type LabelsOf,
  type Metric,
} from './definition.ts';

export const contentType = 'text/plain; version=0.0.4; charset=utf-8';

interface Observed {
  /** By bucket, not cumulative; the last is +Inf. */
  readonly counts: number[];
  sum: number;
}

/** By metric name, then by the labels as they are written. */
type Series<V> = Map<string, Map<string, V>>;

export class Samples {
  readonly #metrics: readonly Metric[];
  readonly #numbers: Series<number> = new Map();
  readonly #observed: Series<Observed> = new Map();

  /** @param metrics in the order of the exposition. */
  constructor(metrics: readonly Metric[]) {
    this.#metrics = metrics;
    for (const metric of metrics) {
      if (metric.type === 'counter')
        this.#numbers.set(metric.name, new Map(everySeries(metric.labels).map((key) => [key, 0])));
      if (metric.type === 'histogram')
        this.#observed.set(
          metric.name,
          new Map(everySeries(metric.labels).map((key) => [key, nothingObserved(metric)])),
        );
    }
  }

  /** @param by at least 0: a counter never falls. @throws RangeError for less. */
  add<L extends LabelSpec>(metric: Counter<L>, labels: LabelsOf<L>, by = 1): void {
    if (!(by >= 0)) throw new RangeError(`${metric.name} cannot fall by ${by}`);
    const series = this.#numbers.get(metric.name);
    const key = labelText(labels);
    series?.set(key, (series.get(key) ?? 0) + by);
  }

  /** Sets a gauge, or with undefined takes it away: unknown is not zero. */
  set<L extends LabelSpec>(metric: Gauge<L>, labels: LabelsOf<L>, value: number | boolean | undefined): void {
    const series = this.#numbers.get(metric.name) ?? new Map<string, number>();
    this.#numbers.set(metric.name, series);
    if (value === undefined) series.delete(labelText(labels));
    else series.set(labelText(labels), Number(value));
  }

  /** Sets a counter to what another source has counted. */
  setTotal(metric: Counter<Record<never, never>>, value: number): void {
    this.#numbers.get(metric.name)?.set('', value);
  }

  inform(metric: Info, labels: Readonly<Record<string, string>>): void {
    this.#numbers.set(metric.name, new Map([[labelText(labels), 1]]));
  }

  observe<L extends LabelSpec>(metric: Histogram<L>, labels: LabelsOf<L>, value: number): void {
    const observed = this.#observed.get(metric.name)?.get(labelText(labels));
    if (observed === undefined) return;
    const at = metric.buckets.findIndex((bound) => value <= bound);
    const bucket = at === -1 ? metric.buckets.length : at;
    observed.counts[bucket] = (observed.counts[bucket] ?? 0) + 1;
    observed.sum += value;
  }

  text(): string {
    return this.#metrics.map((metric) => this.#family(metric)).join('');
  }

  #family(metric: Metric): string {
    const lines =
      metric.type === 'histogram'
        ? [...(this.#observed.get(metric.name) ?? [])].flatMap(([key, value]) =>
            histogramLines(metric, key, value),
          )
        : [...(this.#numbers.get(metric.name) ?? [])].map(([key, value]) => line(metric.name, key, value));
    if (lines.length === 0) return '';
    const type = metric.type === 'info' ? 'gauge' : metric.type;
    return `# HELP ${metric.name} ${metric.help}.\n# TYPE ${metric.name} ${type}\n${lines.join('\n')}\n`;
  }
}

function nothingObserved({ buckets }: Histogram): Observed {
  return { counts: [...buckets, Infinity].map(() => 0), sum: 0 };
}

function histogramLines(metric: Histogram, key: string, { counts, sum }: Observed): readonly string[] {
  let count = 0;
  const buckets = [...metric.buckets, Infinity].map((bound, at) => {
    count += counts[at] ?? 0;
    return line(`${metric.name}_bucket`, joined(key, `le="${number(bound)}"`), count);
  });
  return [...buckets, line(`${metric.name}_sum`, key, sum), line(`${metric.name}_count`, key, count)];
}

function line(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${number(value)}`;
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(',');
}

function number(value: number): string {
  return value === Infinity ? '+Inf' : String(value);
}

/** `a="x",b="y"`, the same for the same labels in whatever order. */
function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.keys(labels)
    .sort()
    .map((name) => `${name}="${escaped(labels[name] ?? '')}"`)
    .join(',');
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Every combination of label values, as written. */
function everySeries(labels: LabelSpec): readonly string[] {
  const combinations = Object.entries(labels).reduce<readonly Readonly<Record<string, string>>[]>(
    (sofar, [name, values]) => sofar.flatMap((each) => values.map((value) => ({ ...each, [name]: value }))),
    [{}],
  );
  return combinations.map(labelText);
}
