/**
 * A runtime of the Kubernetes Container Runtime Interface (containerd, CRI-O) as an Engine. Its containers are
 * kubelet's: they are read, never deleted. Source of the facts: the published interface, and the real runtimes of
 * test/engine.
 */
import type { Container, Image, ImageId } from '../../core/model/store.ts';
import { forEachLimited } from '../../system/concurrency.ts';
import { EngineError, type Engine } from '../engine.ts';
import { connect, type Connected } from './connect.ts';
import { followEvents, type PollTimes, pollTimes } from './event-stream.ts';
import * as cri from './generated/api.ts';
import { GrpcClient, type Method, type Service } from './grpc-client.ts';
import { CallError, grpcCode } from './grpc-errors.ts';
import {
  artifactReference,
  containerDetails,
  containerFrom,
  containerFromSandbox,
  imageFrom,
  imageId,
  isWholeId,
  mountedImages,
  needOf,
} from './translate.ts';
import { type ImageFacts, imageFacts, sandboxImageOf } from './verbose.ts';

export interface CriEngineOptions {
  /** Of the runtime's socket; asked each time that it is connected to. */
  readonly findSocket: () => Promise<string>;
  /** For one call. */
  readonly timeoutMs: number;
  /** For tests. */
  readonly pollTimes?: PollTimes;
}

const runtime = cri.RuntimeServiceDefinition;
const images = cri.ImageServiceDefinition;
/** Questions under way at a time: the runtime has other work. */
const AT_ONCE = 4;

/** A configuration with thousands of labels and steps has some 100 kB. */
const MAX_DETAILS_BYTES = 4 * 1024 * 1024;

/** Nothing is asked of the runtime before `connect`. @param endpoint for messages, until it is connected to. */
export function createCriEngine(endpoint: string, options: CriEngineOptions): Engine {
  let client: GrpcClient | undefined;
  /** For answers that have an image's configuration in them, which is as long as its author likes. */
  let details: GrpcClient | undefined;
  let connected: Connected | undefined;
  /** CRI-O writes IDs without `sha256:` and wants them so. */
  let idPrefix = 'sha256:';
  /** What never changes is asked once: of an image its configuration, of a container its mounts, of a sandbox its image. */
  const factsOf = new Map<ImageId, ImageFacts>();
  const mountsOf = new Map<string, readonly string[]>();
  const sandboxImages = new Map<string, string | undefined>();
  /** How anything but images is deleted; as last listed. */
  const artifacts = new Map<ImageId, string>();

  async function ask<Request, Response>(
    service: Service,
    method: Method<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response> {
    if (client === undefined) throw new Error('connect() comes before every other question to an engine');
    return await client.call(service, method, request, signal);
  }

  function written(id: string): string {
    return idPrefix === '' && isWholeId(id) ? id.slice('sha256:'.length) : id;
  }

  async function imageStatus(name: string, signal: AbortSignal): Promise<cri.ImageStatusResponse> {
    const image = spec(written(name));
    const { imageStatus: method } = images.methods;
    try {
      if (details !== undefined) return await details.call(images, method, { image, verbose: true }, signal);
    } catch (error) {
      if (!(error instanceof CallError) || error.grpcStatus !== grpcCode.resourceExhausted) throw error;
    }
    // Without its configuration it is an image without labels and age: it is deletable like any other.
    return await ask(images, method, { image, verbose: false }, signal);
  }

  function translate(image: cri.Image, facts: ImageFacts): Image {
    return imageFrom(image, facts, needOf(image, connected?.sandboxImage));
  }

  /** The mounts of containers that are new since the last list. One that is gone by now mounts nothing any more. */
  async function learnMounts(containers: readonly cri.Container[], signal: AbortSignal): Promise<void> {
    keepOnly(mountsOf, new Set(containers.map(({ id }) => id)));
    const unknown = containers.filter(({ id }) => !mountsOf.has(id));
    await forEachLimited(unknown, AT_ONCE, signal, async ({ id }) => {
      const request = { containerId: id, verbose: false };
      const answer = await orGone(ask(runtime, runtime.methods.containerStatus, request, signal));
      if (answer?.status !== undefined) mountsOf.set(id, mountedImages(answer.status));
    });
  }

  async function learnSandboxImages(
    sandboxes: readonly cri.PodSandbox[],
    signal: AbortSignal,
  ): Promise<void> {
    keepOnly(sandboxImages, new Set(sandboxes.map(({ id }) => id)));
    const unknown = sandboxes.filter(({ id }) => !sandboxImages.has(id));
    await forEachLimited(unknown, AT_ONCE, signal, async ({ id }) => {
      const request = { podSandboxId: id, verbose: true };
      const answer = await orGone(ask(runtime, runtime.methods.podSandboxStatus, request, signal));
      if (answer !== undefined) sandboxImages.set(id, sandboxImageOf(answer.info));
    });
  }

  const engine: Engine = {
    endpoint,
    capabilities: { refusesImagesInUse: false, namesOneByOne: false },

    async connect(signal) {
      const socketPath = await options.findSocket();
      // Others may be in the middle of a call. A client reconnects to its socket on its own.
      if (client?.socketPath !== socketPath) {
        client?.close();
        details?.close();
        client = new GrpcClient(socketPath, options);
        details = new GrpcClient(socketPath, { ...options, maxAnswerBytes: MAX_DETAILS_BYTES });
      }
      connected = await connect(client, socketPath, signal);
      return connected.info;
    },

    async ping(signal) {
      await ask(runtime, runtime.methods.version, { version: 'v1' }, signal);
    },

    async listImages(signal) {
      const { images: listed } = await ask(images, images.methods.listImages, {}, signal);
      const first = listed[0];
      if (first !== undefined) idPrefix = first.id.startsWith('sha256:') ? 'sha256:' : '';
      keepOnly(factsOf, new Set(listed.map(({ id }) => imageId(id))));
      artifacts.clear();
      for (const image of listed) {
        const reference = artifactReference(image);
        if (reference !== undefined) artifacts.set(imageId(image.id), reference);
      }
      const unknown = listed.filter(({ id }) => !factsOf.has(imageId(id)));
      await forEachLimited(unknown, AT_ONCE, signal, async ({ id }) => {
        const answer = await orRefused(imageStatus(id, signal));
        if (answer?.image !== undefined) factsOf.set(imageId(id), imageFacts(answer.info));
      });
      // Not listed: one deleted meanwhile, and a broken one, for which protections are unknown.
      return listed.flatMap((image) => {
        const facts = factsOf.get(imageId(image.id));
        return facts === undefined ? [] : [translate(image, facts)];
      });
    },

    async listContainers(signal) {
      const [{ containers }, { items: sandboxes }] = await Promise.all([
        ask(runtime, runtime.methods.listContainers, {}, signal),
        ask(runtime, runtime.methods.listPodSandbox, {}, signal),
      ]);
      await learnMounts(containers, signal);
      await learnSandboxImages(sandboxes, signal);
      const byId = new Map(sandboxes.map((sandbox) => [sandbox.id, sandbox]));
      return [
        ...containers.map((container): Container =>
          containerFrom(container, mountsOf.get(container.id) ?? [], byId.get(container.podSandboxId)),
        ),
        ...sandboxes.map((sandbox) => containerFromSandbox(sandbox, sandboxImages.get(sandbox.id))),
      ];
    },

    async inspectImage(id, signal) {
      const { image, info } = await imageStatus(id, signal);
      return image && translate(image, imageFacts(info));
    },

    async layersOf(id, signal) {
      return factsOf.get(id)?.layers ?? imageFacts((await imageStatus(id, signal)).info).layers;
    },

    async inspectContainer(id, signal) {
      const request = { containerId: id, verbose: false };
      const answer = await orGone(ask(runtime, runtime.methods.containerStatus, request, signal));
      return answer?.status && containerDetails(answer.status);
    },

    async followEvents(_sinceMs, follower, signal) {
      const source = {
        endpoint,
        listContainers: (end: AbortSignal) => engine.listContainers(end),
        listImages: (end: AbortSignal) => engine.listImages(end),
        stream: async (read: (event: cri.ContainerEventResponse) => void, end: AbortSignal) => {
          await client?.stream(runtime, runtime.methods.getContainerEvents, {}, read, end);
        },
      };
      return await followEvents(source, follower, options.pollTimes ?? pollTimes, signal);
    },

    listCacheRecords: () => Promise.resolve([]),
    removeContainer: () => Promise.reject(kubelets('a container')),
    removeCacheRecord: () => Promise.reject(kubelets('a build-cache record')),

    async removeImage(target, _options, signal) {
      // By name, the image that has it at that moment is deleted with all its names; by a part of an ID, whichever
      // matches.
      if (target.by !== 'id' || !isWholeId(target.id)) {
        throw new EngineError('failed', `${endpoint}: images are deleted by their full ID only.`);
      }
      const image = spec(artifacts.get(target.id) ?? written(target.id));
      try {
        await ask(images, images.methods.removeImage, { image }, signal);
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === undefined) throw error;
        return { outcome: 'conflict', message: refusal };
      }
      return { outcome: 'removed', untagged: [], deleted: [target.id] };
    },

    tagImage: (_id, reference) =>
      Promise.reject(
        new EngineError('failed', `${endpoint}: CRI cannot give an image the name ${reference}.`),
      ),
  };

  return engine;

  function kubelets(what: string): EngineError {
    return new EngineError('failed', `${endpoint}: ${what} of a CRI runtime is not ours to delete.`);
  }
}

/**
 * CRI-O's refusal of an image in use, which has no status of its own (`unknown`): only its text shows it
 * (containers/storage, ErrImageUsedByContainer).
 */
function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof CallError) || error.grpcStatus !== grpcCode.unknown) return undefined;
  return error.message.includes('image is in use by a container') ? error.message : undefined;
}

function spec(image: string): cri.ImageSpec {
  return { image, annotations: {}, userSpecifiedImage: '' };
}

/** Undefined when the runtime says that it does not exist. */
async function orGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CallError && error.grpcStatus === grpcCode.notFound) return undefined;
    throw error;
  }
}

/** Undefined when the runtime answers with an error of its own, of this one thing. */
async function orRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CallError && error.code === 'failed') return undefined;
    throw error;
  }
}

function keepOnly(map: Map<string, unknown>, present: ReadonlySet<string>): void {
  for (const key of map.keys()) if (!present.has(key)) map.delete(key);
}
