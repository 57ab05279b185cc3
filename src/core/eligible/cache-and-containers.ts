/**
 * What a sweep may delete beside images: build-cache records and stopped containers, where the setting names them. The
 * one place that decides about those; when unsure whether something is in use, it is.
 */
import { append } from '../model/lists.ts';
import { formatDuration } from '../model/format.ts';
import { estimatedInodes } from '../forest/layer-table.ts';
import { type Kept, type KeepCode, keepUnit } from './images.ts';
import {
  type CacheRecord,
  type ChainId,
  type Container,
  type HeldSpace,
  type Image,
  type ImageStore,
  shortId,
} from '../model/store.ts';
import type { Amount } from '../model/thresholds.ts';
import type { Removable } from '../forest/removable.ts';

/** What the setting allows. */
export interface Clean {
  readonly images: boolean;
  readonly buildCache: boolean;
  readonly stoppedContainers: boolean;
  /** How long a container must have been stopped before it may be deleted. */
  readonly stoppedContainerAgeSeconds: number;
}

/** The default. */
export const imagesOnly: Clean = {
  images: true,
  buildCache: false,
  stoppedContainers: false,
  stoppedContainerAgeSeconds: 86_400,
};

export interface Cleanable {
  /** Deletable. */
  readonly units: readonly Removable[];
  /** May not, though the setting names their kind. Containers that run are not listed. */
  readonly kept: readonly Kept[];
}

/** States of a container that does not run and is not about to. */
const stoppedStates: ReadonlySet<string> = new Set(['created', 'exited', 'dead']);

/** Labels that say who restarts a container, or inspects it after its end. */
const managers: readonly (readonly [prefix: string, manager: string])[] = [
  ['io.kubernetes.', 'Kubernetes'],
  ['com.docker.compose.project', 'a compose project'],
  ['com.docker.swarm.', 'a swarm'],
];

interface Objection {
  readonly code: KeepCode;
  readonly reason: string;
}

/** Why a container may not be deleted; undefined where it may. `stoppedAtMs` must be known. */
export function containerStays(container: Container, clean: Clean, nowMs: number): Objection | undefined {
  const { state, labels } = container;
  if (!stoppedStates.has(state)) return { code: 'in-use', reason: `it is ${state}` };
  const manager = managers.find(([prefix]) =>
    Object.keys(labels).some((label) => label.startsWith(prefix)),
  )?.[1];
  if (manager !== undefined) return { code: 'managed', reason: `it belongs to ${manager}` };
  if (container.isRestarted === true)
    return { code: 'managed', reason: 'its restart policy starts it again with the engine' };
  // One that was only created waits for its first start; one whose start failed has only the time when it was made.
  if (state === 'created' && container.failedToStart === false)
    return { code: 'never-started', reason: 'it was created and not started yet' };
  const sinceMs = container.stoppedAtMs ?? (state === 'created' ? container.createdAtMs : undefined);
  if (sinceMs === undefined) return { code: 'stopped-recently', reason: 'its stop time is unknown' };
  const ageSeconds = (nowMs - sinceMs) / 1000;
  if (ageSeconds < clean.stoppedContainerAgeSeconds) {
    const reason = `it stopped ${formatDuration(Math.max(0, ageSeconds))} ago, less than ${formatDuration(clean.stoppedContainerAgeSeconds)}`;
    return { code: 'stopped-recently', reason };
  }
  return undefined;
}

/** Whether to ask when a container stopped: by the list alone it could be deletable. */
export function couldBeOldEnough(container: Container, clean: Clean, nowMs: number): boolean {
  const { createdAtMs } = container;
  if (createdAtMs === undefined) return stoppedStates.has(container.state);
  return containerStays({ ...container, stoppedAtMs: createdAtMs }, clean, nowMs) === undefined;
}

/**
 * Separates what may be deleted besides images from what is kept.
 * @param refused what an earlier step of the same sweep found undeletable, by ID, with the reason.
 */
export function sortOutCleanable(
  store: ImageStore,
  clean: Clean,
  nowMs: number,
  refused: ReadonlyMap<string, string> = new Map(),
): Cleanable {
  const units: Removable[] = [];
  const kept: Kept[] = [];
  if (clean.buildCache) {
    const records = store.cacheRecords ?? [];
    /** By record: those that were made from it. */
    const children = new Map<string, string[]>();
    for (const { id, parents } of records) for (const parent of parents) append(children, parent, id);
    const staying = recordsThatStay(records, refused);
    for (const record of records) {
      const objection = staying.get(record.id);
      if (objection === undefined) units.push(recordUnit(record, store, children));
      else kept.push(keepRecord(record, objection));
    }
  }
  if (clean.stoppedContainers) {
    for (const container of store.containers) {
      if (!stoppedStates.has(container.state)) continue;
      const refusal = refused.get(container.id);
      const objection: Objection | undefined =
        refusal === undefined
          ? containerStays(container, clean, nowMs)
          : { code: 'refused', reason: refusal };
      const unit = containerUnit(container, store);
      if (objection === undefined) units.push(unit);
      else kept.push(keepUnit(unit, objection.code, objection.reason));
    }
  }
  return { units, kept };
}

function keepRecord({ id, description, sizeBytes }: CacheRecord, objection: Objection): Kept {
  return { kind: 'build-cache', id, references: [description], sizeBytes, ...objection };
}

/** Records that a build holds, those that the engine did not delete, and all of their parents. */
function recordsThatStay(
  records: readonly CacheRecord[],
  refused: ReadonlyMap<string, string>,
): ReadonlyMap<string, Objection> {
  const byId = new Map(records.map((record) => [record.id, record]));
  const staying = new Map<string, Objection>();
  for (const { id, inUse } of records) {
    const refusal = refused.get(id);
    if (inUse) staying.set(id, { code: 'in-use', reason: 'a build holds it' });
    else if (refusal !== undefined) staying.set(id, { code: 'refused', reason: refusal });
  }
  const pending = [...staying.keys()];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    for (const parent of byId.get(id)?.parents ?? []) {
      if (staying.has(parent)) continue;
      staying.set(parent, { code: 'child-stays', reason: `the record ${id}, which depends on it, is kept` });
      pending.push(parent);
    }
  }
  return staying;
}

function recordUnit(
  record: CacheRecord,
  store: ImageStore,
  children: ReadonlyMap<string, readonly string[]>,
): Removable {
  const space = store.heldSpace?.get(record.id);
  return {
    id: record.id,
    kind: 'build-cache',
    name: record.description,
    references: [record.description],
    sizeBytes: record.sizeBytes,
    isUntagged: false,
    layers: chainTo(store, space?.top),
    own: ownOf(space, record.sizeBytes),
    ownExact: space?.exact ?? false,
    dependents: children.get(record.id) ?? [],
    isStep: false,
  };
}

/**
 * Its image holds its layers and cannot be deleted before it; only where the image is gone do they count for the
 * container. Its size is what it frees with the image: an order by size must not postpone the image because of a
 * small container.
 */
function containerUnit(container: Container, store: ImageStore): Removable {
  const space = store.heldSpace?.get(container.id);
  const names = new Set(container.images);
  const images = store.images.filter(
    (image) => names.has(image.id) || image.tags.some((tag) => names.has(tag)),
  );
  const own = ownOf(space, 0);
  const name = container.name === '' ? shortId(container.id) : container.name;
  return {
    id: container.id,
    kind: 'stopped-container',
    name,
    references: [name],
    sizeBytes: own.bytes + images.reduce((most: number, image: Image) => Math.max(most, image.sizeBytes), 0),
    isUntagged: false,
    layers: images.length > 0 ? [] : chainTo(store, space?.top),
    own,
    ownExact: space?.exact ?? false,
    dependents: [],
    isStep: false,
  };
}

/** @param otherwise the engine's figure, in bytes, where the disk does not know: inodes are guessed from it. */
function ownOf(space: HeldSpace | undefined, otherwise: number): Amount {
  if (space !== undefined) return { bytes: space.bytes, inodes: space.inodes };
  return { bytes: otherwise, inodes: otherwise > 0 ? estimatedInodes(otherwise) : 0 };
}

/** The chain below a layer, from the bottom up; empty where the layer is not known. */
function chainTo(store: ImageStore, top: ChainId | undefined): readonly ChainId[] {
  const chain: ChainId[] = [];
  // A damaged store can have a loop.
  const seen = new Set<ChainId>();
  for (let layer = store.layers.get(top ?? ''); layer !== undefined && !seen.has(layer.id);) {
    seen.add(layer.id);
    chain.push(layer.id);
    layer = store.layers.get(layer.parentId ?? '');
  }
  return chain.reverse();
}
