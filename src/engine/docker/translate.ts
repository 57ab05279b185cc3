/**
 * Translates the Docker Engine API into the project's model. Pure. What an engine leaves out is unknown, never guessed.
 */
import { keepLabel } from '../../core/eligible/rules.ts';
import type { CacheRecord, Container, Image, ImageId } from '../../core/model/store.ts';
import type { ContainerDetails } from '../engine.ts';
import { chainIds } from '../../system/chain-id.ts';
import { type Dialect, dockerDialect } from './dialect.ts';
import type {
  CacheRecordAnswer,
  ContainerDetailsAnswer,
  ContainerSummary,
  DiskUsageAnswer,
  ImageDetails,
  ImageSummary,
} from './schemas.ts';

type Optional<T> = T | null | undefined;

/** @param dialect decides what a parent is. */
export function imageFromSummary(summary: ImageSummary, dialect: Dialect = dockerDialect): Image {
  return {
    id: imageId(summary.Id),
    ...names(summary.RepoTags, summary.RepoDigests),
    parentId: dialect.tellsBuildParents ? optionalImageId(summary.ParentId) : undefined,
    sizeBytes: sizeBytes(summary),
    createdAtMs: fromSeconds(summary.Created),
    labels: readLabels(summary.Labels),
    layers: undefined,
  };
}

/** @param dialect decides what a parent is. */
export function imageFromDetails(details: ImageDetails, dialect: Dialect = dockerDialect): Image {
  const diffIds = details.RootFS?.Layers;
  return {
    id: imageId(details.Id),
    ...names(details.RepoTags, details.RepoDigests),
    parentId: dialect.tellsBuildParents ? optionalImageId(details.Parent) : undefined,
    sizeBytes: sizeBytes(details),
    createdAtMs: fromIso(details.Created),
    labels: readLabels(details.Config?.Labels),
    layers: diffIds ? chainIds(diffIds) : undefined,
  };
}

/** The one label that is read: what else is in an image's labels is its author's, and may be long. */
function readLabels(labels: Optional<Readonly<Record<string, string>>>): Readonly<Record<string, string>> {
  const value = labels?.[keepLabel];
  return value === undefined ? {} : { [keepLabel]: value.slice(0, MAX_LABEL_LENGTH) };
}

/** Enough for whatever somebody means by it. */
const MAX_LABEL_LENGTH = 1000;

/** The image behind a name: its ID, and when it last got a name. */
export interface NamedImage {
  readonly id: ImageId;
  readonly taggedAtMs: number | undefined;
}

/** @param imageOf the image behind a name that a container gives in place of an ID; undefined when nothing has that name. */
export function containerFromSummary(
  summary: ContainerSummary,
  imageOf: (name: string) => NamedImage | undefined,
): Container {
  const held = new Set<string>();
  if (summary.ImageID) held.add(imageId(summary.ImageID));
  const manifest = summary.ImageManifestDescriptor?.digest;
  if (manifest) held.add(manifest);
  for (const name of namesToResolve(summary)) {
    held.add(imageOf(name)?.id ?? name);
    held.add(name);
  }
  return {
    id: summary.Id,
    name: summary.Names?.[0]?.replace(/^\//, '') ?? summary.Id.slice(0, 12),
    images: [...held],
    state: summary.State || 'unknown',
    createdAtMs: fromSeconds(summary.Created),
    labels: readLabels(summary.Labels),
    ...mayMount(summary, imageOf),
  };
}

/**
 * Mounted images are given by the name as typed, which may have moved to another image since: then that image got a
 * name after the container was created. Engines report that to the second.
 */
function mayMount(
  summary: ContainerSummary,
  imageOf: (name: string) => NamedImage | undefined,
): Pick<Container, 'mayMount'> {
  const createdAtMs = fromSeconds(summary.Created) ?? 0;
  const moved = mountedNames(summary).filter((name) => {
    if (isIdOrDigest(name)) return false;
    const image = imageOf(name);
    // Docker's classic store does not know when an image was loaded (seen on 28.5).
    return image?.taggedAtMs === undefined || image.taggedAtMs >= createdAtMs;
  });
  return moved.length === 0 ? {} : { mayMount: moved };
}

export function containerFromDetails(details: ContainerDetailsAnswer): ContainerDetails {
  return {
    id: details.Id,
    name: details.Name?.replace(/^\//, '') ?? details.Id.slice(0, 12),
    images: details.Image ? [imageId(details.Image)] : [],
    state: details.State.Status,
    createdAtMs: fromIso(details.Created),
    labels: readLabels(details.Config?.Labels),
    stoppedAtMs: fromIso(details.State.FinishedAt),
    isRestarted: isRestarted(details.HostConfig?.RestartPolicy?.Name),
    failedToStart: Boolean(details.State.Error) || (details.State.ExitCode ?? 0) !== 0,
  };
}

/** `on-failure` does not restart what was stopped, and gives up after a while. */
function isRestarted(policy: Optional<string>): boolean {
  return policy === 'always' || policy === 'unless-stopped';
}

/** When an image last got a name on this host: pulled, loaded, built or tagged. */
export function arrivalFromDetails(details: ImageDetails): number | undefined {
  return fromIso(details.Metadata?.LastTagTime);
}

/** The build cache's records, which API versions have in different places. */
export function cacheRecordsFrom(answer: DiskUsageAnswer): readonly CacheRecord[] {
  return (answer.BuildCache ?? answer.BuildCacheUsage?.Items ?? []).map(cacheRecordFrom);
}

/** What all images take, shared layers once; undefined if not reported. */
export function imagesBytesFrom({ LayersSize, ImageUsage }: DiskUsageAnswer): number | undefined {
  return ImageUsage?.TotalSize ?? LayersSize ?? undefined;
}

function cacheRecordFrom(record: CacheRecordAnswer): CacheRecord {
  const told = [...(record.Parents ?? []), ...(record[' Parents'] ?? []), record.Parent ?? ''];
  const parents = [...new Set(told)].filter((id) => id !== '');
  return {
    id: record.ID,
    description: record.Description ?? record.Type ?? 'build cache',
    sizeBytes: Math.max(0, record.Size ?? 0),
    inUse: record.InUse,
    parents,
    createdAtMs: fromIso(record.CreatedAt),
    lastUsedAtMs: fromIso(record.LastUsedAt),
  };
}

/**
 * Each layer's size out of an image's history, from the bottom up. The history has a step for each instruction, also for
 * those that made no layer, which have size 0, as layers without files have; undefined where that leaves a choice.
 * @param steps sizes, the newest step first.
 * @param imageBytes the size of the whole image.
 */
export function layerSizes(
  steps: readonly number[],
  layers: number,
  imageBytes = 0,
): readonly number[] | undefined {
  const sizes = steps.toReversed();
  const withFiles = sizes.filter((size) => size > 0);
  // Docker's containerd store says 0 of each step of an image that is not unpacked, as one of another platform.
  if (withFiles.length === 0 && imageBytes > 0) return undefined;
  if (sizes.length === layers) return sizes;
  return withFiles.length === layers ? withFiles : undefined;
}

/**
 * The images that a container holds and reports by name only, as typed (`busybox`, a short ID): each image it mounts,
 * and its own image if the ID is not reported.
 */
export function namesToResolve(summary: ContainerSummary): readonly string[] {
  const made = !summary.ImageID && summary.Image ? [summary.Image] : [];
  return [...made, ...mountedNames(summary)];
}

/** What cannot be given to another image. */
function isIdOrDigest(name: string): boolean {
  return name.includes('@') || /^(sha256:)?[0-9a-f]{12,64}$/.test(name);
}

function mountedNames(summary: ContainerSummary): readonly string[] {
  const typed: string[] = [];
  for (const mount of summary.Mounts ?? []) {
    if (mount.Type !== 'image') continue;
    // Docker Engine 28: Name is the image, Source the place on the engine's disk. Podman 4.3 and 5.8: Source is the image.
    if (mount.Name) typed.push(mount.Name);
    else if (mount.Source && !mount.Source.startsWith('/')) typed.push(mount.Source);
  }
  return typed;
}

/** Podman leaves `sha256:` out in some places; an ID is compared with others, so it is always written one way. */
export function imageId(id: string): ImageId {
  return /^[0-9a-f]{64}$/.test(id) ? `sha256:${id}` : id;
}

function optionalImageId(id: Optional<string>): ImageId | undefined {
  return id ? imageId(id) : undefined;
}

/**
 * Engines with the containerd image store list `repository@sha256:…` among the tags of an image that was pulled by
 * digest, and a bare `sha256:…`, which is not a name, among its digests.
 */
function names(
  repoTags: Optional<string[]>,
  repoDigests: Optional<string[]>,
): Pick<Image, 'tags' | 'digests'> {
  const all = [...(repoTags ?? []), ...(repoDigests ?? [])].filter((name) => !name.includes('<none>'));
  const unique = [...new Set(all)];
  return {
    tags: unique.filter((name) => !name.includes('@') && !isBareDigest(name)),
    digests: unique.filter((name) => name.includes('@')),
  };
}

function isBareDigest(name: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(name);
}

/** `Size` and, until API 1.43, `VirtualSize`: the same figure since Docker Engine 1.10. */
function sizeBytes(answer: {
  readonly Size?: Optional<number>;
  readonly VirtualSize?: Optional<number>;
}): number {
  return Math.max(0, answer.Size ?? answer.VirtualSize ?? 0);
}

/** Zero and less mean "unknown": the epoch of reproducible builds, or the zero time of an engine written in Go. */
function fromSeconds(seconds: Optional<number>): number | undefined {
  return seconds && seconds > 0 ? seconds * 1000 : undefined;
}

function fromIso(time: Optional<string>): number | undefined {
  const ms = time ? Date.parse(time) : Number.NaN;
  return ms > 0 ? ms : undefined;
}
