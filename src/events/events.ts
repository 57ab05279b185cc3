/**
 * Everything the daemon reports, each event defined once: its name, level, sentence, meaning, fields. The log, the
 * metrics, the page, docs/events.md and the schema of log lines read it here. Surfaces are Reporters; nothing else
 * writes. The names are stable.
 */
import { clusterEvents } from './cluster-events.ts';
import { daemonEvents } from './daemon-events.ts';
import type { Definition, Level } from './definition.ts';
import type { Fields, Values } from './fields.ts';
import { removalEvents, type Subject } from './removal-events.ts';
import { sweepEvents } from './sweep-events.ts';

export type { Subject } from './removal-events.ts';
export type { StopReason } from './stop-reasons.ts';
export type { Due, SweepReport } from './sweep-events.ts';
export type Severity = Level;

export const events = { ...daemonEvents, ...sweepEvents, ...removalEvents, ...clusterEvents };

type Events = typeof events;
export type EventName = keyof Events;
type Carried<D> = D extends Definition<infer F> ? Values<F> : never;

/** One type an event. */
export type DaemonEvent = { [E in EventName]: { readonly event: E } & Carried<Events[E]> }[EventName];
export type EventOf<E extends EventName> = Extract<DaemonEvent, { readonly event: E }>;

export type Deletion = EventOf<`${Subject}.deleted`>;
export type Disappearance = EventOf<`${Subject}.gone`>;

/** Receives every event, in order. Must not throw and must not wait. */
export type Reporter = (event: DaemonEvent) => void;

/** The definition of an event, for what it carries: that the two belong together, the compiler cannot follow. */
function definitionOf(event: DaemonEvent): Definition<Fields> {
  return events[event.event] as unknown as Definition<Fields>;
}

/** How loud an event is. */
export function severityOf(event: DaemonEvent): Severity {
  const { level } = definitionOf(event);
  return typeof level === 'string' ? level : level.of(event);
}

/**
 * An event as one sentence for people; its fields carry the same for machines.
 * @param triesAgain whether what failed is tried again, which it is not with `--once`
 */
export function sentenceOf(event: DaemonEvent, triesAgain = true): string {
  return definitionOf(event).says(event, triesAgain ? ' Trying again.' : '');
}

/** Whether an event reports a deletion of ours. */
export function isDeletion(event: DaemonEvent): event is Deletion {
  return event.event.endsWith('.deleted');
}

/** Whether it reports that somebody else had deleted it. */
export function isDisappearance(event: DaemonEvent): event is Disappearance {
  return event.event !== 'node.gone' && event.event.endsWith('.gone');
}
