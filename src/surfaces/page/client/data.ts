/** What the daemon serves, as the page holds it. */
import type { ActivityJson } from '../../json/activity.ts';
import type { LayersJson } from '../../json/layers.ts';
import type { PageJson } from '../../json/page.ts';
import type { StatusJson } from '../../json/status.ts';

export type { Sample, Step, SweepDone, SweepUnderWay } from '../../json/activity.ts';
export type { PageActivity, PageJson } from '../../json/page.ts';
export type Activity = ActivityJson;
export type Status = StatusJson;
export type Layers = LayersJson;
export type ListedUnit = LayersJson['units'][number];
export type SegmentJson = LayersJson['segments'][number];

/** An event of the daemon, as in its log, or one of the page's own: `hello`, and `view` for a new revision. */
export interface LiveEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** JSON of a path beside the page. @throws Error with the server's words. */
export async function load<T>(path: string): Promise<T> {
  const response = await fetch(path, { cache: 'no-cache', signal: AbortSignal.timeout(20_000) });
  if (response.status === 401) throw new Error('a token is required: reload the page');
  const value = (await response.json()) as T & { readonly problem?: string };
  if (!response.ok) throw new Error(value.problem ?? `${path}: ${response.status}`);
  return value;
}

/**
 * A sweep is due or under way, so that what is deleted next is what one wants to see. Else the page is calm: what would be
 * deleted some day is not an alarm.
 */
export function isActive({ activity, layers }: PageJson): boolean {
  return activity.sweep !== null || layers?.next.triggered === true;
}

/** By image that containers use: which. */
export function usersOf({ images }: Status): ReadonlyMap<string, string> {
  const used = images.filter(({ usedBy }) => usedBy.length > 0);
  return new Map(
    used.map(({ id, usedBy }) => [id, usedBy.map(({ name, state }) => `${name} (${state})`).join(', ')]),
  );
}

/** Why it is deleted or kept. */
export function whyOf({ reason }: ListedUnit, users: string | undefined): string {
  return reason ?? (users === undefined ? 'unused' : `used by ${users}`);
}
