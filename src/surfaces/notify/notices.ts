/**
 * What a person must know of the daemon's events: a disk that deleting images did not bring below LOW, a critical
 * disk, an engine or a path that has been unavailable for long, a node that cannot be uncordoned. Each is sent once
 * when it begins and once when it is over. No I/O; the time is an argument.
 */
import { formatBytes, formatDuration, formatLevel, usedText } from '../../core/model/format.ts';
import { reaches, type Thresholds } from '../../core/model/thresholds.ts';
import type { DaemonEvent, SweepReport } from '../../events/events.ts';

export type Problem =
  'low-not-reached' | 'disk-critical' | 'engine-away' | 'path-away' | 'node-left-cordoned';

export interface Notice {
  readonly problem: Problem;
  readonly state: 'begins' | 'over';
  /** A few words. */
  readonly title: string;
  /** What happened and what to do, one line. */
  readonly message: string;
  /** By the host's clock, epoch ms. */
  readonly atMs: number;
}

export interface NoticeRules {
  /** In the thresholds' unit; undefined: never critical. */
  readonly criticalLevel: number | undefined;
  /** How long something must be unavailable before a notice is sent. */
  readonly patienceMs: number;
  /** Host's time, epoch ms, and a clock that never jumps. */
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

export const PATIENCE_MS = 600_000;

/** A problem and its beginning; reported once it has lasted for long. */
interface Trouble {
  readonly sinceMs: number;
  readonly message: string;
}

/** Ends of a sweep that say nothing new: it continues later, or was a dry run. */
const goesOn: ReadonlySet<SweepReport['stoppedBecause']> = new Set([
  'stopped',
  'dry-run',
  'deletion-limit',
  // These are reported as they are.
  'engine-unavailable',
  'path-unavailable',
]);

/** Tasks at the API server that leave a cordon where it is while they fail. */
const uncordoning: ReadonlySet<string> = new Set(['uncordon', 'recover']);

export class Notices {
  readonly #rules: NoticeRules;
  readonly #told = new Set<Problem>();
  readonly #troubles = new Map<Problem, Trouble>();

  constructor(rules: NoticeRules) {
    this.#rules = rules;
  }

  /** What to report after an event. */
  on(event: DaemonEvent): readonly Notice[] {
    switch (event.event) {
      case 'check.completed': {
        const { thresholds, used, triggered } = event;
        return [
          ...this.#back('engine-away', 'It answers again.'),
          ...this.#back('path-away', 'It can be measured again.'),
          ...this.#critical(used, thresholds),
          ...(triggered ? [] : this.#below(used, thresholds)),
        ];
      }
      case 'sweep.completed':
        return this.#swept(event);
      case 'engine.connected':
        return this.#back('engine-away', 'It answers again.');
      case 'engine.unavailable':
        return this.#away('engine-away', event.message);
      case 'path.available':
        return this.#back('path-away', 'It can be measured again.');
      case 'path.unavailable':
        return this.#away('path-away', event.message);
      case 'cluster.failing':
        return uncordoning.has(event.task) ? this.#away('node-left-cordoned', event.message) : [];
      case 'cluster.working':
        return uncordoning.has(event.task) ? this.#back('node-left-cordoned', 'It is uncordoned.') : [];
      case 'node.uncordoned':
      case 'node.gone':
        return this.#back('node-left-cordoned', 'It is uncordoned.');
      default:
        return [];
    }
  }

  /** What has been wrong for long enough by now. */
  due(): readonly Notice[] {
    return [...this.#troubles].flatMap(([problem, { sinceMs, message }]) => {
      const forMs = this.#rules.monotonicMs() - sinceMs;
      if (forMs < this.#rules.patienceMs) return [];
      return this.#begins(problem, `For ${formatDuration(forMs / 1000)}: ${message}`);
    });
  }

  /** The process ends, and nothing could report it later. */
  ending(): readonly Notice[] {
    const trouble = this.#troubles.get('node-left-cordoned');
    if (trouble === undefined) return [];
    return this.#begins(
      'node-left-cordoned',
      `The cleaner stopped and could not uncordon it: ${trouble.message} Its next start will, or run docker-image-cleaner uncordon.`,
    );
  }

  /** How long until something may be due; undefined: nothing is wrong. */
  waitMs(): number | undefined {
    const waiting = [...this.#troubles].filter(([problem]) => !this.#told.has(problem));
    if (waiting.length === 0) return undefined;
    const first = Math.min(...waiting.map(([, { sinceMs }]) => sinceMs));
    return Math.max(0, first + this.#rules.patienceMs - this.#rules.monotonicMs());
  }

  #critical(used: number, thresholds: Thresholds): readonly Notice[] {
    const { criticalLevel } = this.#rules;
    if (criticalLevel === undefined || !reaches(used, criticalLevel, thresholds.type)) return [];
    return this.#begins(
      'disk-critical',
      `${usedText(used, thresholds.type)}; critical is ${formatLevel(criticalLevel, thresholds.type)}.`,
    );
  }

  #below(used: number, thresholds: Thresholds): readonly Notice[] {
    const message = `${usedText(used, thresholds.type)}, below the high threshold.`;
    return [...this.#over('disk-critical', message), ...this.#over('low-not-reached', message)];
  }

  #swept(report: SweepReport): readonly Notice[] {
    const { reachedLow, dryRun, stoppedBecause, usedAfter, thresholdType } = report;
    if (reachedLow) {
      const message = `${usedText(usedAfter, thresholdType)} after a sweep.`;
      return [...this.#over('disk-critical', message), ...this.#over('low-not-reached', message)];
    }
    if (dryRun || goesOn.has(stoppedBecause)) return [];
    const where = report.remaining.length === 0 ? '' : ` ${report.remaining.join('; ')}.`;
    return this.#begins(
      'low-not-reached',
      `A sweep freed ${formatBytes(report.freedBytes)} and ended (${stoppedBecause}) with ${usedText(usedAfter, thresholdType)}.${where}`,
    );
  }

  #away(problem: Problem, message: string): readonly Notice[] {
    if (!this.#troubles.has(problem))
      this.#troubles.set(problem, { sinceMs: this.#rules.monotonicMs(), message });
    return [];
  }

  #back(problem: Problem, message: string): readonly Notice[] {
    this.#troubles.delete(problem);
    return this.#over(problem, message);
  }

  #begins(problem: Problem, message: string): readonly Notice[] {
    if (this.#told.has(problem)) return [];
    this.#told.add(problem);
    return [{ problem, state: 'begins', title: titles[problem], message, atMs: this.#rules.nowMs() }];
  }

  #over(problem: Problem, message: string): readonly Notice[] {
    if (!this.#told.delete(problem)) return [];
    return [
      { problem, state: 'over', title: `Over: ${titles[problem]}`, message, atMs: this.#rules.nowMs() },
    ];
  }
}

const titles: Readonly<Record<Problem, string>> = {
  'low-not-reached': 'deleting images did not reach the low threshold',
  'disk-critical': 'the disk is critically full',
  'engine-away': 'the container engine does not answer',
  'path-away': 'the disk cannot be measured',
  'node-left-cordoned': 'the node cannot be uncordoned',
};
