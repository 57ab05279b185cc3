/**
 * What a metric is, in the words of the exposition format. A label lists every value that it can have: other values
 * do not type-check, so no name of an image, container or node can become a time series.
 */

export type LabelSpec = Readonly<Record<string, readonly string[]>>;

/** One value for each label of a metric. */
export type LabelsOf<L extends LabelSpec> = { readonly [K in keyof L]: L[K][number] };

interface Common {
  /** The whole name, unit and `_total` included. */
  readonly name: string;
  /** One sentence without its full stop. */
  readonly help: string;
}

export interface Counter<L extends LabelSpec = LabelSpec> extends Common {
  readonly type: 'counter';
  readonly labels: L;
}

export interface Gauge<L extends LabelSpec = LabelSpec> extends Common {
  readonly type: 'gauge';
  readonly labels: L;
}

export interface Histogram<L extends LabelSpec = LabelSpec> extends Common {
  readonly type: 'histogram';
  readonly labels: L;
  /** Upper bounds, rising, without +Inf. */
  readonly buckets: readonly number[];
}

/** Always 1: fixed while the process lives, one series per process. Its labels are free text. */
export interface Info extends Common {
  readonly type: 'info';
  readonly labelNames: readonly string[];
}

export type Metric = Counter | Gauge | Histogram | Info;

const prefix = 'docker_image_cleaner_';

export function counter<const L extends LabelSpec = Record<never, never>>(
  name: `${string}_total`,
  help: string,
  labels: L = {} as L,
): Counter<L> {
  return { type: 'counter', name: prefix + name, help, labels };
}

export function gauge<const L extends LabelSpec = Record<never, never>>(
  name: string,
  help: string,
  labels: L = {} as L,
): Gauge<L> {
  return { type: 'gauge', name: prefix + name, help, labels };
}

export function histogram<const L extends LabelSpec = Record<never, never>>(
  name: `${string}_seconds`,
  help: string,
  buckets: readonly number[],
  labels: L = {} as L,
): Histogram<L> {
  return { type: 'histogram', name: prefix + name, help, labels, buckets };
}

export function info(name: `${string}_info`, help: string, labelNames: readonly string[]): Info {
  return { type: 'info', name: prefix + name, help, labelNames };
}

/** A metric that every exporter has under the same name, without our prefix. */
export function shared<M extends Metric>(metric: M): M {
  return { ...metric, name: metric.name.slice(prefix.length) };
}
