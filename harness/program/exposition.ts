/** Prometheus' text format as tests read it. */

export interface Exposition {
  /** The type of each family, by its name. */
  readonly types: ReadonlyMap<string, string>;
  /** The label names of every series of that name, `_bucket`, `_sum` and `_count` included. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
  /** Every series with its value. */
  readonly values: ReadonlyMap<string, number>;
}

export function parseExposition(...texts: readonly string[]): Exposition {
  const types = new Map<string, string>();
  const labels = new Map<string, Set<string>>();
  const values = new Map<string, number>();
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const [, family, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (family !== undefined && type !== undefined) types.set(family, type);
    const [, series = '', name = '', inBraces = '', value] =
      /^(([a-z_:]+)(?:\{(.*)\})?) (\S+)$/i.exec(line) ?? [];
    if (value === undefined) continue;
    values.set(series, Number(value.replace('Inf', 'Infinity')));
    const names = labels.get(name) ?? new Set();
    labels.set(name, names);
    for (const [, label = ''] of inBraces.matchAll(/([a-z_]+)="(?:[^"\\]|\\.)*"/gi)) names.add(label);
  }
  return { types, labels, values };
}
