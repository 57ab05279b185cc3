/** What `simulate --json` prints. */
import type { Bound } from '../bounds/bounds.ts';
import type { Figures } from '../replay/figures.ts';
import type { Result, SimulatedNode } from '../simulate.ts';
import type { Trace } from '../traces/trace.ts';
import { conclusion } from './conclusion.ts';

/** What was replayed. */
export interface TraceFigures {
  readonly uses: number;
  readonly images: number;
  readonly layers: number;
  readonly distinctBytes: number;
}

/** The best possible. */
export type BoundJson = Omit<Bound, 'summary'>;

/** All policies with one capacity and one pair of thresholds. */
export interface Run extends SimulatedNode {
  readonly policies: readonly Figures[];
  readonly bounds: readonly BoundJson[];
  /** What it says, in sentences. */
  readonly conclusion: readonly string[];
}

export interface OneRunJson extends Run {
  readonly trace: TraceFigures;
}

export interface RunsJson {
  readonly trace: TraceFigures;
  readonly runs: readonly Run[];
}

export type SimulateJson = OneRunJson | RunsJson;

/** With one capacity and one pair of thresholds the rows stand at the top; with more, each run has its own. */
export function simulateJson(trace: Trace, results: readonly Result[]): SimulateJson {
  const runs = results.map((result): Run => ({
    ...result.setting,
    policies: result.rows,
    bounds: result.bounds.map(({ name, fetchedBytes, refetchedBytes }) => ({
      name,
      fetchedBytes,
      refetchedBytes,
    })),
    conclusion: conclusion(result),
  }));
  const figures: TraceFigures = {
    uses: trace.startsMs.length,
    images: trace.images.length,
    layers: trace.layers.length,
    distinctBytes: trace.distinctBytes,
  };
  const [only, ...others] = runs;
  return only !== undefined && others.length === 0 ? { trace: figures, ...only } : { trace: figures, runs };
}
