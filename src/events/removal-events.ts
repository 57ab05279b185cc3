/** What happens to one victim of a plan: the same six events for images, build-cache records and containers. */
import { formatDuration } from '../core/model/format.ts';
import { gainText } from '../core/model/gain.ts';
import { define } from './definition.ts';
import { because, gain, list, message, named, number, usage, used, victim } from './fields.ts';
import { nameFor } from './phrases.ts';

/** What can be deleted: each has events of the same kinds. */
export type Subject = 'image' | 'cache-record' | 'container';

const kinds = {
  'would-delete': define({
    level: 'info',
    when: 'dry run: for each victim',
    fields: victim,
    says: (event) => `would delete ${nameFor(event)}: ${event.reason}`,
  }),
  deleted: define({
    level: 'info',
    when: 'a victim was deleted, and the disk measured again',
    fields: {
      ...victim,
      ...gain,
      used,
      usage,
      durationSeconds: number('checks and measurement included'),
    },
    says: (event) => `deleted ${nameFor(event)}: freed ${gainText(event)} (${event.reason})`,
  }),
  kept: define({
    level: 'info',
    when: 'a victim is kept after all',
    fields: { ...named, reason: because },
    says: (event) => `kept ${nameFor(event)}: ${event.reason}`,
  }),
  gone: define({
    level: 'info',
    when: 'somebody else deleted it',
    fields: named,
    says: (event) => `${nameFor(event)} was already gone`,
  }),
  'delete-unanswered': define({
    level: 'warn',
    when: 'no answer to a deletion; nothing else is deleted until its end is known',
    fields: { ...named, message, waitSeconds: number('until the next check') },
    says: (event) =>
      `no answer to the deletion of ${nameFor(event)}; the engine may still be working on it, ` +
      `checking again in ${formatDuration(event.waitSeconds)}. ${event.message}`,
  }),
  'delete-failed': define({
    level: 'warn',
    when: 'the engine could not delete it',
    fields: { ...named, message },
    says: (event) => `could not delete ${nameFor(event)}: ${event.message}`,
  }),
};

type Kinds = typeof kinds;
type About<S extends Subject> = { readonly [K in keyof Kinds as `${S}.${K}`]: Kinds[K] };

function about<S extends Subject>(subject: S): About<S> {
  const named = Object.entries(kinds).map(([kind, definition]) => [`${subject}.${kind}`, definition]);
  // The names are put together here as the type does.
  return Object.fromEntries(named) as About<S>;
}

export const removalEvents = {
  ...about('image'),
  'image.names-restored': define({
    level: 'info',
    when: 'at the start, with STATE_FILE: names that a killed cleaner had removed from an image',
    fields: { id: victim.id, references: list('names of an image or container, description of a record') },
    says: (event) => `${event.references.join(', ')} restored on an image whose deletion was interrupted`,
  }),
  ...about('cache-record'),
  ...about('container'),
};
