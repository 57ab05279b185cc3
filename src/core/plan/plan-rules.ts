/** What a plan is made by. It travels as one: from the configuration through the daemon and its sweeps to each surface. */
import type { Levels } from '../timing/critical.ts';
import type { Clean } from '../eligible/cache-and-containers.ts';
import type { Protections } from '../eligible/rules.ts';
import type { Window } from '../model/window.ts';
import type { Policy } from '../policy/policy.ts';
import type { UsageHistory } from '../use-history/history.ts';

export interface PlanRules extends Levels {
  readonly policy: Policy;
  /** What people protect besides images with the label. Those in force: they change with KEEP_FILE. */
  readonly protections: Protections;
  /** What may be deleted at all. */
  readonly clean: Clean;
  /** When deletions may begin below the critical level; undefined: at any time. */
  readonly window?: Window | undefined;
  /** Images unused for longer are deleted whatever the disk says; 0 or undefined: off. Needs the history. */
  readonly maxUnusedSeconds?: number;
  /** The present usage history; undefined, or returning that, while there is none. */
  readonly history?: (() => UsageHistory | undefined) | undefined;
}
