/**
 * What happens on a CRI runtime, as the project's events. Containers by the runtime's own stream (`GetContainerEvents`:
 * containerd since 1.7); where it has none, or has it switched off, by asking now and then what there is. Of images there
 * is no stream in CRI, so they are polled in either case.
 */
import { sleep } from '../../system/clock.ts';
import { type Container, type Image, references } from '../../core/model/store.ts';
import type { EngineEvent, EventFollower } from '../engine-events.ts';
import { EngineError } from '../engine.ts';
import * as cri from './generated/api.ts';
import { CallError, grpcCode } from './grpc-errors.ts';
import { containerDetails, msOf } from './translate.ts';

export interface EventSource {
  readonly endpoint: string;
  /** The runtime's stream, until one side ends it. */
  readonly stream: (read: (event: cri.ContainerEventResponse) => void, signal: AbortSignal) => Promise<void>;
  readonly listContainers: (signal: AbortSignal) => Promise<readonly Container[]>;
  readonly listImages: (signal: AbortSignal) => Promise<readonly Image[]>;
}

export interface PollTimes {
  /** Between two polls of the containers, where they have no stream. kubelet polls every second. */
  readonly containersMs: number;
  /** Between two polls of the images, and of the containers in case the stream lost one. */
  readonly imagesMs: number;
}

export const pollTimes: PollTimes = { containersMs: 10_000, imagesMs: 60_000 };

/** Containers are polled four times as often as the disk is checked. */
export function pollTimesFor(intervalSeconds: number): PollTimes {
  const containersMs = Math.max(250, Math.min(pollTimes.containersMs, intervalSeconds * 250));
  return {
    containersMs,
    imagesMs: Math.max(containersMs, Math.min(pollTimes.imagesMs, intervalSeconds * 1000)),
  };
}

/** @throws always: EngineError, the signal's reason when it aborts, or what the follower throws. */
export async function followEvents(
  source: EventSource,
  follower: EventFollower,
  times: PollTimes,
  signal: AbortSignal,
): Promise<never> {
  const session = new AbortController();
  const both = AbortSignal.any([signal, session.signal]);
  const poll = new Poll(await source.listContainers(both), await source.listImages(both));
  let hasStream = true;

  async function streamed(): Promise<void> {
    let told = 0;
    try {
      await source.stream((answer) => {
        told += 1;
        const event = eventFrom(answer);
        if (event !== undefined) follower.event(event);
      }, both);
    } catch (error) {
      if (told > 0 || !isRefusal(error)) throw error;
      hasStream = false;
      return;
    }
    if (told > 0)
      throw new EngineError('unreachable', `${source.endpoint}: the runtime closed its event stream.`);
    hasStream = false;
  }

  async function polled(): Promise<never> {
    for (let sinceImagesMs = 0; ;) {
      await sleep(times.containersMs, both);
      both.throwIfAborted();
      sinceImagesMs += times.containersMs;
      const areImagesDue = sinceImagesMs >= times.imagesMs;
      // Images first, as in list-store.ts: a container's is then known.
      if (areImagesDue)
        for (const event of poll.images(await source.listImages(both), Date.now())) follower.event(event);
      if (areImagesDue || !hasStream) {
        for (const event of poll.containers(await source.listContainers(both), Date.now()))
          follower.event(event);
      }
      if (areImagesDue) sinceImagesMs = 0;
    }
  }

  // Changes since the two lists appear in the next poll or in the follower's own list.
  follower.opened(undefined);
  try {
    const [, never] = await Promise.all([streamed(), polled()]);
    return never;
  } finally {
    session.abort(new Error('the session is over'));
  }
}

/**
 * Whether the runtime answered that it has no events: it does not know the call, or they are disabled. CRI-O's are
 * unless `enable_pod_events` is set: it then ends the stream at once (cri-o/cri-o#7164) or with an error of its own
 * (#7257).
 */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof CallError && (error.grpcStatus === grpcCode.unimplemented || error.code === 'failed')
  );
}

/** Undefined for what says nothing of the use of images. */
export function eventFrom(answer: cri.ContainerEventResponse): EngineEvent | undefined {
  const { containerId, containerEventType, createdAt } = answer;
  const head = {
    atMs: msOf(createdAt) ?? 0,
    key: `${createdAt} ${containerEventType} ${containerId}`,
    containerId,
  };
  switch (containerEventType) {
    case cri.ContainerEventType.CONTAINER_CREATED_EVENT:
    case cri.ContainerEventType.CONTAINER_STARTED_EVENT: {
      // A sandbox has events too, under its own ID and without a status of a container.
      const status = answer.containersStatuses.find(({ id }) => id === containerId);
      const isStart = containerEventType === cri.ContainerEventType.CONTAINER_STARTED_EVENT;
      const kind = isStart ? 'container-started' : 'container-created';
      return { ...head, kind, image: status && containerDetails(status).images[0] };
    }
    case cri.ContainerEventType.CONTAINER_STOPPED_EVENT:
      return { ...head, kind: 'container-stopped' };
    case cri.ContainerEventType.CONTAINER_DELETED_EVENT:
      return { ...head, kind: 'container-removed' };
    case cri.ContainerEventType.UNRECOGNIZED:
      return undefined;
    default:
      // A later interface's.
      return undefined;
  }
}

const stopped = 'exited';

/** Finds out by two lists what happened between them. */
export class Poll {
  #containers: ReadonlyMap<string, Container>;
  #names: ReadonlyMap<string, string>;

  constructor(containers: readonly Container[], images: readonly Image[]) {
    this.#containers = byId(containers);
    this.#names = namesOf(images);
  }

  containers(now: readonly Container[], atMs: number): readonly EngineEvent[] {
    const before = this.#containers;
    this.#containers = byId(now);
    const events: EngineEvent[] = [];
    for (const { id, images, state } of now) {
      const was = before.get(id)?.state;
      const image = images[0];
      if (was === undefined) events.push({ ...head(id, 'created', atMs), kind: 'container-created', image });
      else if (was === stopped && state !== stopped)
        events.push({ ...head(id, 'started', atMs), kind: 'container-started', image });
      if (was !== stopped && state === stopped)
        events.push({ ...head(id, 'stopped', atMs), kind: 'container-stopped' });
    }
    for (const id of before.keys()) {
      if (!this.#containers.has(id)) events.push({ ...head(id, 'removed', atMs), kind: 'container-removed' });
    }
    return events;
  }

  images(now: readonly Image[], atMs: number): readonly EngineEvent[] {
    const before = this.#names;
    this.#names = namesOf(now);
    const events: EngineEvent[] = [];
    for (const [image, names] of this.#names) {
      if (before.get(image) !== names)
        events.push({ atMs, key: `${atMs} changed ${image}`, kind: 'image-changed', image });
    }
    for (const image of before.keys()) {
      if (!this.#names.has(image))
        events.push({ atMs, key: `${atMs} removed ${image}`, kind: 'image-removed', image });
    }
    return events;
  }
}

function head(containerId: string, what: string, atMs: number) {
  return { containerId, atMs, key: `${atMs} ${what} ${containerId}` };
}

function byId(containers: readonly Container[]): ReadonlyMap<string, Container> {
  return new Map(containers.map((container) => [container.id, container]));
}

function namesOf(images: readonly Image[]): ReadonlyMap<string, string> {
  return new Map(images.map((image) => [image.id, [...references(image)].sort().join(' ')]));
}
