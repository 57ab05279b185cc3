/** The Docker Engine API's events into the project's. Pure but for the follower that is called. */
import * as v from 'valibot';
import type { EngineEvent, EventFollower } from '../engine-events.ts';
import { EngineError } from '../engine.ts';
import { type Dialect, dockerDialect } from './dialect.ts';
import type { LineReader } from './http/answer-body.ts';
import { eventSchema, type EventMessage } from './schemas.ts';
import { imageId } from './translate.ts';

/** An event carries all labels of its container or image; those are bounded by the size of an image's configuration. */
const MAX_LINE_LENGTH = 4 * 1024 * 1024;

type Kind = EngineEvent['kind'];

/** Docker's words, then those that Podman uses for the same in some versions. */
const containerActions: Readonly<Record<string, Kind>> = {
  create: 'container-created',
  start: 'container-started',
  die: 'container-stopped',
  destroy: 'container-removed',
  died: 'container-stopped',
  remove: 'container-removed',
};
const imageActions: Readonly<Record<string, Kind>> = {
  pull: 'image-changed',
  load: 'image-changed',
  import: 'image-changed',
  tag: 'image-changed',
  untag: 'image-changed',
  // A build, with the containerd image store (API 1.46).
  create: 'image-changed',
  delete: 'image-removed',
  build: 'image-changed',
  loadfromarchive: 'image-changed',
  remove: 'image-removed',
};

/** Leaves out what health checks and networks make of events: a container with a health check makes three each time. */
export const eventFilters = JSON.stringify({
  type: ['container', 'image'],
  event: [...new Set([...Object.keys(containerActions), ...Object.keys(imageActions)])],
});

/** Reads the lines of `GET /events`. */
export function eventReader(
  follower: EventFollower,
  endpoint: string,
  dialect: Dialect = dockerDialect,
): LineReader {
  return {
    maxLineLength: MAX_LINE_LENGTH,
    opened: (headers) => {
      const time = Date.parse(headers.date ?? '');
      follower.opened(Number.isNaN(time) ? undefined : time);
    },
    line: (line) => {
      const event = eventFromMessage(readMessage(line, endpoint), dialect);
      if (event !== undefined) follower.event(event);
    },
  };
}

function readMessage(line: string, endpoint: string): EventMessage {
  try {
    // A JSON text sequence (RFC 7464) has a record separator before each text.
    return v.parse(eventSchema, JSON.parse(line.replace(/^\x1e/, '')));
  } catch (cause) {
    throw new EngineError(
      'protocol',
      `${endpoint}: an event does not have the shape of the Docker Engine API: ${line.slice(0, 200)}`,
      { cause },
    );
  }
}

/** Undefined for events that say nothing of the use of images, and for those that do not say of which. */
export function eventFromMessage(
  message: EventMessage,
  dialect: Dialect = dockerDialect,
): EngineEvent | undefined {
  const id = message.Actor?.ID || message.id;
  const action = message.Action || message.status;
  if (!id || !action) return undefined;
  // Without a type (API 1.21 and before) only containers say what they are from.
  const type = message.Type || (message.from ? 'container' : 'image');
  const atMs = timeOf(message);
  const head = { atMs, key: `${String(message.timeNano ?? message.time)} ${action} ${id}` };
  if (type === 'image') {
    const told = imageActions[action];
    // Only tried: whether it is gone, the engine is asked.
    const kind = told === 'image-removed' && !dialect.tellsRemovalsAfterwards ? 'image-changed' : told;
    return kind === 'image-changed' || kind === 'image-removed'
      ? { ...head, kind, image: imageId(id) }
      : undefined;
  }
  const kind = type === 'container' ? containerActions[action] : undefined;
  if (kind === 'container-stopped' || kind === 'container-removed') return { ...head, kind, containerId: id };
  if (kind !== 'container-created' && kind !== 'container-started') return undefined;
  const told = message.Actor?.Attributes?.['image'];
  const image = (typeof told === 'string' && told) || message.from || undefined;
  return { ...head, kind, containerId: id, image: image && imageId(image) };
}

function timeOf({ time, timeNano }: EventMessage): number {
  return timeNano ? Math.floor(timeNano / 1e6) : (time ?? 0) * 1000;
}
