/** A usage history as plain data for a state file, and back. Layers are written once, images name their top by number. */
import type { ImageId } from '../model/store.ts';
import {
  defaultLimits,
  type HistoryLimits,
  type ImageUsage,
  type LayerUsage,
  newHistory,
  type RepositoryUsage,
  type UsageHistory,
  chainFrom,
} from './history.ts';
import { ReturnRates, type LessonsState } from './return-rates.ts';
import { HALF_LIVES_MS, type UseRecord } from './use-record.ts';
import { countIn, VersionStanding } from './version-standing.ts';

/** Raised when the meaning of the state changes; a state of another version is not read. */
export const STATE_VERSION = 3;
/** A record as a list: first seen, last used, uses, counted at, open since, then the counts. */
type RecordState = readonly number[];

/** As JSON. About 100 bytes a layer and 200 an image. */
export interface UsageState {
  readonly version: number;
  readonly startedAtMs: number;
  readonly offsetMs: number;
  readonly latestMs: number;
  /** Chain ID, number of the parent (-1: none), bytes, 1 where built here, record. */
  readonly layers: readonly (readonly [string, number, number, 0 | 1, RecordState])[];
  /** ID, repositories, number of the top layer, 1 where built here, present, standing, record. */
  readonly images: readonly (readonly [
    string,
    readonly string[],
    number,
    0 | 1,
    0 | 1,
    VersionStanding,
    RecordState,
  ])[];
  /** Name, record, images. */
  readonly repositories: readonly (readonly [string, RecordState, readonly ImageId[]])[];
  readonly containers: readonly (readonly [string, ImageId])[];
  readonly lessons: LessonsState;
}

/** The history as plain data; changes nothing. */
export function toState(history: UsageHistory): UsageState {
  const number = new Map<LayerUsage, number>();
  const layers: UsageState['layers'][number][] = [];
  // Layers are listed from the bottom up, each after its parent.
  for (const layer of history.layers.values()) {
    number.set(layer, layers.length);
    const below = layer.parent === undefined ? -1 : (number.get(layer.parent) ?? -1);
    layers.push([layer.id, below, layer.bytes, layer.origin === 'built' ? 1 : 0, recordState(layer)]);
  }
  return {
    version: STATE_VERSION,
    startedAtMs: history.startedAtMs,
    offsetMs: history.offsetMs,
    latestMs: history.latestMs,
    layers,
    images: [...history.images.values()].map((image) => [
      image.id,
      image.repositories,
      image.top === undefined ? -1 : (number.get(image.top) ?? -1),
      image.origin === 'built' ? 1 : 0,
      image.present ? 1 : 0,
      image.standing,
      recordState(image),
    ]),
    repositories: [...history.repositories.values()].map((repository) => [
      repository.name,
      recordState(repository),
      repository.images,
    ]),
    containers: [...history.containers],
    lessons: history.lessons.toState(),
  };
}

function recordState(record: UseRecord): RecordState {
  const { firstSeenMs, lastUsedMs, uses, countedAtMs, openSinceMs, counts } = record;
  return [firstSeenMs, lastUsedMs, uses, countedAtMs, openSinceMs, ...counts].map((value) =>
    // Fractions of a count matter little; a thousandth of a use is enough, and short in the file.
    Number.isInteger(value) ? value : Math.round(value * 1000) / 1000,
  );
}

/** The state is not one that this version wrote. */
export class UsageStateError extends Error {
  constructor(what: string) {
    super(`not a usable usage history: ${what}`);
    this.name = 'UsageStateError';
  }
}

/**
 * Reads what toState() gave, after JSON and time.
 * @throws UsageStateError when it is damaged or of another version. (The caller then begins a new history.)
 */
export function fromState(value: unknown, limits: HistoryLimits = defaultLimits): UsageHistory {
  const state = object(value, 'the state');
  if (state['version'] !== STATE_VERSION) throw new UsageStateError('of another version');
  const base = newHistory(number(state['startedAtMs']), limits);
  const layers = list(state['layers']).map(list);
  const known: LayerUsage[] = [];
  for (const [id, below, bytes, built, record] of layers) {
    const at = number(below);
    const parent = at < 0 ? undefined : known[at];
    if (at >= 0 && parent === undefined) throw new UsageStateError('a layer stands on one that comes later');
    const layer: LayerUsage = {
      ...readRecord(record),
      id: text(id),
      parent,
      bytes: amount(bytes),
      images: 0,
      newest: 0,
      older: 0,
      origin: built === 1 ? 'built' : 'pulled',
    };
    known.push(layer);
    base.layers.set(layer.id, layer);
  }
  const lessons = object(state['lessons'], 'the lessons');
  const history: UsageHistory = {
    ...base,
    offsetMs: number(state['offsetMs']),
    latestMs: number(state['latestMs']),
    busyAtMs: number(state['latestMs']),
    lessons: new ReturnRates({
      returns: list(lessons['returns']).map(amount),
      expected: list(lessons['expected']).map(amount),
    }),
  };
  for (const entry of list(state['images']).map(list)) addImage(history, readImage(entry, known));
  for (const [name, record, images] of list(state['repositories']).map(list)) {
    const repository: RepositoryUsage = {
      ...readRecord(record),
      name: text(name),
      images: list(images)
        .map(text)
        .filter((id) => history.images.has(id)),
    };
    history.repositories.set(repository.name, repository);
  }
  for (const [id, imageId] of list(state['containers']).map(list)) use(history, text(id), text(imageId));
  return history;
}

function readImage(entry: readonly unknown[], layers: readonly LayerUsage[]): ImageUsage {
  const [id, repositories, top, built, present, standing, record] = entry;
  const at = number(top);
  if (at >= layers.length) throw new UsageStateError('an image stands on an unknown layer');
  return {
    ...readRecord(record),
    id: text(id),
    repositories: list(repositories).map(text),
    origin: built === 1 ? 'built' : 'pulled',
    present: present === 1,
    standing: readStanding(standing),
    top: at < 0 ? undefined : layers[at],
  };
}

function addImage(history: UsageHistory, image: ImageUsage): void {
  history.images.set(image.id, image);
  for (const layer of chainFrom(image.top)) countIn(layer, image.standing, 1);
}

/** A container that used an image when the state was written: counted again, as `active` is not in the records. */
function use(history: UsageHistory, containerId: string, imageId: ImageId): void {
  const image = history.images.get(imageId);
  if (image === undefined) return;
  history.containers.set(containerId, imageId);
  image.active += 1;
  for (const layer of chainFrom(image.top)) layer.active += 1;
  for (const name of image.repositories) {
    const repository = history.repositories.get(name);
    if (repository !== undefined) repository.active += 1;
  }
}

function readRecord(value: unknown): UseRecord {
  const [firstSeenMs, lastUsedMs, uses, countedAtMs, openSinceMs, ...counts] = list(value).map(number);
  if (openSinceMs === undefined || counts.length !== HALF_LIVES_MS.length)
    throw new UsageStateError('a short record');
  return {
    firstSeenMs: firstSeenMs ?? 0,
    lastUsedMs: lastUsedMs ?? 0,
    uses: amount(uses),
    countedAtMs: countedAtMs ?? 0,
    openSinceMs,
    counts: counts.map(amount),
    active: 0,
  };
}

function readStanding(value: unknown): VersionStanding {
  const known = Object.values(VersionStanding).find((each) => each === value);
  if (known === undefined) throw new UsageStateError('an image stands in no known way');
  return known;
}

function object(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new UsageStateError(`${what} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new UsageStateError('a list is missing');
  return value;
}

/** No time of a clock (ECMA-262, "Time Values"), no size of a disk and no count is larger. */
const largest = 8.64e15;

function number(value: unknown): number {
  if (typeof value !== 'number' || !(Math.abs(value) <= largest))
    throw new UsageStateError('a number is missing or impossible');
  return value;
}

/** A size or a count. */
function amount(value: unknown): number {
  const found = number(value);
  if (found < 0) throw new UsageStateError('a size or a count is negative');
  return found;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new UsageStateError('a text is missing');
  return value;
}
