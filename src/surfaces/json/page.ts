/**
 * `/api/page.json`, all that the status page shows, as it was at one moment: the disk, the store, what is deleted
 * next and the sweep under way are never of different times. The server writes it, the page reads it. Types only.
 */
import type { ActivityJson, Sample, SweepDone } from './activity.ts';
import type { LayersJson } from './layers.ts';
import type { StatusJson } from './status.ts';

/** What the daemon does and did; the usage over time is asked for once (`/api/activity.json`). */
export type PageActivity = Omit<ActivityJson, 'samples' | 'view' | 'sweeps'> & {
  /** The newest first, and no more than the page shows. */
  readonly sweeps: readonly SweepDone[];
};

export interface PageJson {
  /** Changes whenever anything in it does; 0 before the first snapshot. */
  readonly revision: number;
  /** The host whose disk this is. */
  readonly host: string;
  readonly activity: PageActivity;
  /** The usage that the rest is about; null before the first snapshot, like the store. */
  readonly sample: Sample | null;
  readonly status: StatusJson | null;
  readonly layers: LayersJson | null;
}
