/**
 * A container engine as this project sees it: a few queries, one deletion. Adapters are in the folders beside this
 * file; only they know an engine's API. An engine declares its capabilities; no code asks for its name.
 */
import type { CacheRecord, ChainId, Container, Image, ImageId } from '../core/model/store.ts';
import type { EventFollower } from './engine-events.ts';

/** What an engine reported about itself on the last connection. */
export interface EngineInfo {
  /** e.g. `Docker Engine`, `Podman Engine`. For people only: never decide by it. */
  readonly name: string;
  readonly version: string;
  /** The API version negotiated for every later request, e.g. `1.41`. */
  readonly apiVersion: string;
  /** Where the engine says it keeps its data, as a path in *its* mount namespace. */
  readonly rootDirectory: string | undefined;
  /** The storage driver's name, e.g. `overlay2`. */
  readonly storageDriver: string | undefined;
  /** The name of its host; left out if not reported. */
  readonly hostName?: string | undefined;
  /** The address as the user gave it. */
  readonly endpoint: string;
  /** Folder of the engine's image store, in *its* mount namespace; left out if not reported. */
  readonly storeDirectory?: string | undefined;
  /** The engine's figure for its image store; left out if not reported. Some seconds old, and zero at first. */
  readonly storeUsage?: { readonly bytes: number; readonly inodes: number } | undefined;
}

/** What not every engine does alike. */
export interface EngineCapabilities {
  /** It refuses to delete an image that a container uses. Where it does not, our look right before is the only guard. */
  readonly refusesImagesInUse: boolean;
  /** One name of several can be removed from an image, and restored. Otherwise a deletion by ID removes all at once. */
  readonly namesOneByOne: boolean;
}

/** What a deletion is aimed at: a whole image by its ID, or one of its names. */
export type RemovalTarget =
  { readonly by: 'id'; readonly id: ImageId } | { readonly by: 'reference'; readonly reference: string };

/** The engine's answer to a deletion. Anything else is thrown as an EngineError. */
export type Removal =
  | {
      readonly outcome: 'removed';
      /**
       * Names that went, in the order in which they went. May be more than was asked for: with its last tag in a
       * repository an image loses its digests there, and the containerd image store takes a digest's tags along.
       */
      readonly untagged: readonly string[];
      /** IDs that went: the image's, its parents', and on the classic store the chain IDs of layers among them. */
      readonly deleted: readonly string[];
    }
  | { readonly outcome: 'conflict'; readonly message: string }
  | { readonly outcome: 'not-found' };

/** A container as it is now. */
export interface ContainerDetails extends Container {
  readonly stoppedAtMs: number | undefined;
}

/** What an engine reports of a stopped container's own files: bytes only. */
export interface ToldContainerSize {
  /** What it wrote. */
  readonly writtenBytes: number;
  /**
   * How many copies of its image it has, where containers use copies instead of layers (the driver vfs). On a
   * filesystem that shares copied files they take nothing.
   */
  readonly imageCopies: number;
}

/** The engine's answer to the deletion of anything but an image. */
export type PlainRemoval =
  | { readonly outcome: 'removed' }
  | { readonly outcome: 'conflict'; readonly message: string }
  | { readonly outcome: 'not-found' };

export interface Engine {
  /** The address, for messages. */
  readonly endpoint: string;
  readonly capabilities: EngineCapabilities;
  /**
   * Identifies the engine and negotiates the API version. Must be called first, and again after an EngineError
   * `unreachable`.
   */
  connect(signal: AbortSignal): Promise<EngineInfo>;
  /** One small request: is the engine there? */
  ping(signal: AbortSignal): Promise<void>;
  /** Every image, intermediate ones of the classic builder included (their children need them for their order). */
  listImages(signal: AbortSignal): Promise<readonly Image[]>;
  /**
   * What all images take together, shared layers counted once, in bytes; undefined if the engine does not say. One
   * request, for which the engine may read its whole store. Missing if it never answers that.
   */
  imagesBytes?(signal: AbortSignal): Promise<number | undefined>;
  /** Every container in every state. */
  listContainers(signal: AbortSignal): Promise<readonly Container[]>;
  /**
   * One image as it is now, its layers included if the engine reports them; undefined when it is gone. Its size may
   * differ from the list's: Docker's containerd image store leaves out what is unpacked here (seen on 28.5).
   * @param id or a name as typed.
   */
  inspectImage(id: ImageId, signal: AbortSignal): Promise<Image | undefined>;
  /**
   * Reports events until the stream is cut off, so this never resolves. Missing if the engine cannot do it.
   * @param sinceMs the engine repeats what happened since then (by its own clock), as far as it remembers: Docker
   *   remembers the last 256 events of all kinds and forgets them when it is restarted.
   * @throws EngineError; the signal's reason when it aborts; what the follower throws.
   */
  followEvents?(sinceMs: number, follower: EventFollower, signal: AbortSignal): Promise<never>;
  /**
   * An image's layers as the engine reports them, from the bottom up; undefined when the image is gone or the engine
   * does not say. One request, once per image: layers cannot change.
   */
  layersOf(id: ImageId, signal: AbortSignal): Promise<readonly ChainId[] | undefined>;
  /**
   * The sum of each of these layers' file sizes, in bytes, in their order; undefined when the image is gone or the
   * engine does not distinguish them. One request, once per image. Missing if the engine never says.
   */
  layerSizes?(
    image: Pick<Image, 'id' | 'sizeBytes'> & { readonly layers: readonly ChainId[] },
    signal: AbortSignal,
  ): Promise<readonly number[] | undefined>;
  /**
   * When an image last arrived or got a name here, in epoch ms; undefined if the engine does not say. One request,
   * once for each image and set of names. Missing if the engine never says.
   */
  arrivedAtMs?(image: Image, signal: AbortSignal): Promise<number | undefined>;
  /** One container as it is now; undefined when it is gone. */
  inspectContainer(id: string, signal: AbortSignal): Promise<ContainerDetails | undefined>;
  /**
   * What a stopped container's own files take, without its logs and volumes; undefined when it is gone or runs again,
   * or the engine cannot tell (in time). Slow: the engine reads every file in it, so it is asked once until the
   * container has run again; files copied into it meanwhile are not seen. Missing if the engine cannot delete
   * containers.
   */
  containerSize?(container: Container, signal: AbortSignal): Promise<ToldContainerSize | undefined>;
  /**
   * The build cache's records; none where the engine cannot delete a single one (Docker before 18.09, API 1.39). Before
   * API 1.42 the engine computes its whole disk usage for it, which may take long: never asked in an idle check.
   */
  listCacheRecords(signal: AbortSignal): Promise<readonly CacheRecord[]>;
  /** Deletes a container that does not run, without its volumes. Never forces. Called from src/sweep/remove/ only. */
  removeContainer(id: string, signal: AbortSignal): Promise<PlainRemoval>;
  /**
   * Deletes one record of the build cache. Called from src/sweep/remove/ only. `conflict`: the engine left it, because a
   * build or another record holds it, or it is gone.
   */
  removeCacheRecord(id: string, signal: AbortSignal): Promise<PlainRemoval>;
  /**
   * Deletes an image or one of its names. Never forces. Called from src/sweep/remove/ only.
   *
   * Docker refuses (`conflict`) an ID that has names in several repositories or several tags in one, an ID that has
   * children, and an ID or last name that a container uses. It does *not* refuse one of several names of an image in
   * use, nor the last name of an image with children: that name is removed, the image is kept.
   * @param keepParents true: untagged parents are kept; false: the engine deletes those left without a child.
   */
  removeImage(
    target: RemovalTarget,
    options: { readonly keepParents: boolean },
    signal: AbortSignal,
  ): Promise<Removal>;
  /**
   * Gives an image a name again, after a deletion stopped half way.
   * @param reference `repository:tag`; engines do not give digests. @throws EngineError, `failed` for any other form.
   */
  tagImage(id: ImageId, reference: string, signal: AbortSignal): Promise<void>;
}

/**
 * - `unreachable`: no connection, connection lost, socket missing, the engine's proxy says it is away (502, 503),
 *   or a TLS file is not there (an engine that makes its certificates when it starts may yet write it).
 * - `timeout`: connected, but no answer within the time allowed (or the engine's proxy says so, 504). The engine may
 *   still be doing what was asked.
 * - `denied`: the socket or the engine refuses us (EACCES, 401, 403), or a certificate is refused on either side.
 * - `protocol`: an answer that is not the engine API's (not JSON, wrong shape, API version refused).
 * - `failed`: the engine answered with an error (any other 4xx or 5xx).
 */
export type EngineErrorCode = 'unreachable' | 'timeout' | 'denied' | 'protocol' | 'failed';

/** The one error class of this edge. The message names the request, the engine, the answer and what to do. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(code: EngineErrorCode, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status;
  }
}
