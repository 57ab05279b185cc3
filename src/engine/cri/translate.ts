/** Translates the Container Runtime Interface into the project's model. Pure. What a runtime leaves out is unknown, never guessed. */
import type { Container, EngineNeed, Image, ImageId } from '../../core/model/store.ts';
import type { ContainerDetails } from '../engine.ts';
import * as cri from './generated/api.ts';
import type { ImageFacts } from './verbose.ts';

/** CRI-O writes IDs without `sha256:`; an ID is compared with others, so it is always written one way. */
export function imageId(id: string): ImageId {
  return /^[0-9a-f]{64}$/.test(id) ? `sha256:${id}` : id;
}

/** A whole ID. Runtimes take a part of one for the whole too, so nothing else may ever be sent as one. */
export function isWholeId(id: ImageId): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(id);
}

/**
 * A name as runtimes list it: with its registry, and a tag where it has neither tag nor digest. Containers have it as
 * typed. (The rules are those of distribution's reference package, `ParseNormalizedNamed` and `TagNameOnly`.)
 */
export function fullReference(typed: string): string {
  const [first = '', ...rest] = typed.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasRegistry ? typed : `docker.io/${rest.length === 0 ? 'library/' : ''}${typed}`;
  const hasTag = path.includes('@') || path.lastIndexOf(':') > path.lastIndexOf('/');
  return hasTag ? path : `${path}:latest`;
}

export function imageFrom(image: cri.Image, facts: ImageFacts, engineNeeds: EngineNeed | undefined): Image {
  return {
    id: imageId(image.id),
    tags: [...new Set(image.repoTags)],
    digests: [...new Set(image.repoDigests)],
    parentId: undefined,
    sizeBytes: Number(image.size),
    createdAtMs: facts.createdAtMs,
    labels: facts.labels,
    layers: facts.layers,
    engineNeeds,
  };
}

/**
 * The digest by which an OCI artifact is deleted; undefined for an image. CRI-O lists artifacts (what it mounts as volumes)
 * like images, with their manifest's digest as ID, and answers OK to the deletion of one by its ID, without a deletion.
 */
export function artifactReference({ id, repoDigests }: cri.Image): string | undefined {
  return /^[0-9a-f]{64}$/.test(id) ? repoDigests.find((name) => name.endsWith(`@sha256:${id}`)) : undefined;
}

/** @param sandboxImage as the runtime's configuration names it. */
export function needOf(image: cri.Image, sandboxImage: string | undefined): EngineNeed | undefined {
  if (sandboxImage !== undefined) {
    const names = [image.id, imageId(image.id), ...image.repoTags, ...image.repoDigests];
    if (namesOf(sandboxImage).some((name) => names.includes(name)))
      return { code: 'sandbox-image', reason: 'every pod needs it: it is the runtime’s sandbox image' };
  }
  return image.pinned ? { code: 'pinned', reason: 'it is pinned in the runtime' } : undefined;
}

/** What a sandbox or container may call its image by: an ID, a name, a digest, in every way that lists write it. */
function namesOf(typed: string): readonly string[] {
  return typed === '' ? [] : [...new Set([typed, imageId(typed), fullReference(typed)])];
}

/** A container's annotations in which runtimes and kubelet keep its image. A name too many protects, it never deletes. */
const imageAnnotations = [
  'io.kubernetes.cri-o.Image',
  'io.kubernetes.cri-o.ImageName',
  'io.kubernetes.cri-o.ImageRef',
  'io.kubernetes.cri-o.SomeNameOfTheImage',
  'io.kubernetes.cri.image-name',
];

function specNames(spec: cri.ImageSpec | undefined): readonly string[] {
  return spec === undefined ? [] : [spec.image, spec.userSpecifiedImage, ...annotated(spec.annotations)];
}

function annotated(annotations: Readonly<Record<string, string>>): readonly string[] {
  return imageAnnotations.flatMap((name) => annotations[name] ?? []);
}

/** Says on which pods a static pod's annotation is (kubelet, `pkg/kubelet/types`, ConfigSourceAnnotationKey). */
const configSource = 'kubernetes.io/config.source';

/** @param mounted names of images that it mounts. @param sandbox its pod's. */
export function containerFrom(
  container: cri.Container,
  mounted: readonly string[],
  sandbox: cri.PodSandbox | undefined,
): Container {
  const { imageRef, imageId: id, image, annotations } = container;
  const named = [id, imageRef, ...specNames(image), ...annotated(annotations), ...mounted];
  return {
    id: container.id,
    name: containerName(container.metadata, container.labels, sandbox),
    images: [...new Set(named.flatMap(namesOf))],
    state: stateOf(container.state),
    createdAtMs: msOf(container.createdAt),
    labels: container.labels,
    staticPod: sandbox && staticPodOf(sandbox),
  };
}

/** `pod/container`, as people know it from kubectl. */
function containerName(
  metadata: cri.ContainerMetadata | undefined,
  labels: Readonly<Record<string, string>>,
  sandbox: cri.PodSandbox | undefined,
): string {
  const pod = sandbox?.metadata?.name ?? labels['io.kubernetes.pod.name'];
  const name = metadata?.name ?? '';
  return pod === undefined ? name : `${pod}/${name}`;
}

/** A sandbox holds its image like a container. @param image from its status; undefined if not there. */
export function containerFromSandbox(sandbox: cri.PodSandbox, image: string | undefined): Container {
  const named = [...(image === undefined ? [] : [image]), ...annotated(sandbox.annotations)];
  return {
    id: sandbox.id,
    name: `${sandbox.metadata?.name ?? ''}/sandbox`,
    images: [...new Set(named.flatMap(namesOf))],
    state: sandbox.state === cri.PodSandboxState.SANDBOX_READY ? 'running' : 'exited',
    createdAtMs: msOf(sandbox.createdAt),
    labels: sandbox.labels,
    staticPod: staticPodOf(sandbox),
  };
}

function podName(metadata: cri.PodSandboxMetadata | undefined): string {
  return metadata === undefined ? '' : `${metadata.namespace}/${metadata.name}`;
}

function staticPodOf({ annotations, metadata }: cri.PodSandbox): string | undefined {
  const source = annotations[configSource];
  return source === 'file' || source === 'http' ? podName(metadata) : undefined;
}

export function containerDetails(status: cri.ContainerStatus): ContainerDetails {
  const named = [status.imageId, status.imageRef, ...specNames(status.image)];
  return {
    id: status.id,
    name: containerName(status.metadata, status.labels, undefined),
    images: [...new Set([...named, ...mountedImages(status)].flatMap(namesOf))],
    state: stateOf(status.state),
    createdAtMs: msOf(status.createdAt),
    labels: status.labels,
    stoppedAtMs: msOf(status.finishedAt),
  };
}

/** The images that a container mounts as volumes (Kubernetes' image volumes). */
export function mountedImages(status: cri.ContainerStatus): readonly string[] {
  return status.mounts.flatMap(({ image }) => specNames(image)).filter((name) => name !== '');
}

function stateOf(state: cri.ContainerState): string {
  switch (state) {
    case cri.ContainerState.CONTAINER_CREATED:
      return 'created';
    case cri.ContainerState.CONTAINER_RUNNING:
      return 'running';
    case cri.ContainerState.CONTAINER_EXITED:
      return 'exited';
    case cri.ContainerState.CONTAINER_UNKNOWN:
    case cri.ContainerState.UNRECOGNIZED:
      return 'unknown';
    default:
      // A later interface's: the generated type says it cannot be, the wire may.
      return 'unknown';
  }
}

/** Times are nanoseconds since the epoch; zero is "not yet". */
export function msOf(nanoseconds: bigint): number | undefined {
  return nanoseconds > 0n ? Number(nanoseconds / 1_000_000n) : undefined;
}
