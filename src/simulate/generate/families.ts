/** The families of generated traces by name. */
import { type Trace, TraceBuilder, type UseEvent } from '../traces/trace.ts';
import { binder } from './binder.ts';
import { ci } from './ci.ts';
import { cluster } from './cluster.ts';
import type { OtherFuture } from './random.ts';

export interface Family {
  readonly name: string;
  readonly summary: string;
  /**
   * @param perDay launches, pipelines or pods, bursts and jobs by the clock not counted.
   * @param other gives the same trace up to an hour, and another one from there on.
   */
  readonly generate: (seed: number, days: number, perDay: number, other?: OtherFuture) => UseEvent[];
  readonly perDay: number;
}

export const families: readonly Family[] = [
  { name: 'binder', summary: 'people launch repositories (BinderHub)', generate: binder, perDay: 400 },
  { name: 'ci', summary: 'pipelines of projects (a CI runner)', generate: ci, perDay: 110 },
  {
    name: 'cluster',
    summary: 'services, cron jobs and batches (a cluster node)',
    generate: cluster,
    perDay: 350,
  },
];

/** How long generated traces are. */
const DEFAULT_DAYS = 60;

export function generate(family: Family, seed: number, days = DEFAULT_DAYS): Trace {
  const builder = new TraceBuilder();
  for (const event of family.generate(seed, days, family.perDay)) builder.add(event);
  return builder.build();
}
