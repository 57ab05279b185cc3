/**
 * What the conformance suite needs of an engine. One fixture per engine: how it is started, and what it is said to be
 * able to do. The suite asserts every capability both ways: what is declared exists, and what is declared missing
 * does not.
 */
import type { Disk, DiskOptions } from '../../harness/machine/disk.ts';
import type { StoreSpec } from '../../harness/engine/images.ts';

/** States in which a container (of CRI: or its sandbox) holds its image. */
export type ContainerState = 'created' | 'running' | 'paused' | 'exited';

/** What differs between engines; what every engine must do is not here. */
export interface Capabilities {
  /** States that a container can be brought into. */
  readonly containerStates: readonly ContainerState[];
  /** Where the sizes of layers are from: the disk, or the engine. `unknown`: only the image's size is known. */
  readonly layerSizes: 'measured' | 'estimated' | 'unknown';
  /** Whether `status` shows the space by kind, or only its total. */
  readonly spaceAccount: 'by kind' | 'as a whole';
  /** When the space of a deleted image is free: when the deletion is answered, or once the engine collected it. */
  readonly freedSpace: 'at once' | 'later';
  /** What the engine does when it is asked, without force, to delete an image that a container uses. */
  readonly deletesInUse: 'refuses' | 'deletes';
  /** Images that lost their last name are kept until somebody deletes them. */
  readonly namelessImages: boolean;
  /** Images have labels that can protect them. */
  readonly imageLabels: boolean;
  /** The engine reports when an image was built. */
  readonly imageTimes: boolean;
  /** An image that was made from another on this host remains linked to it. */
  readonly buildParents: boolean;
  /** Containers can mount images. */
  readonly imageMounts: boolean;
  /** `CLEAN=stopped-containers` finds and deletes them. */
  readonly stoppedContainers: boolean;
  /** `CLEAN=build-cache` finds records and deletes them one by one. */
  readonly buildCache: boolean;
  /** How the use of images becomes known: from events, or by polling. */
  readonly use: 'followed' | 'polling' | 'unknown';
}

/** Something that holds an image. */
export interface Holder {
  /** The container's name as the executable shows it. */
  readonly name: string;
  release(): Promise<void>;
}

/** What went over the wire. */
export interface Watch {
  /** The environment that leads the executable past the watch to the engine. */
  readonly env: Readonly<Record<string, string>>;
  /** Requests that delete or could, as they were sent, each in one line, e.g. `DELETE /v1.41/images/x?force=false`. */
  deletions(): readonly string[];
  dispose(): Promise<void>;
}

/** An engine on a disk of its own. All names in the suite are whole (`localhost/a:1`): engines complete short ones differently. */
export interface EngineUnderTest {
  readonly disk: Disk;
  /** What PATH_TO_CHECK is to be. */
  readonly dataRoot: string;
  /** The environment that leads the executable to this engine. */
  readonly env: Readonly<Record<string, string>>;
  /** How many images the engine itself uses as soon as a container of ours is there; default none. Not counted below. */
  readonly imagesOfItsOwn?: number;
  /** Loads images, one after the other. */
  load(spec: StoreSpec): Promise<void>;
  /** Every tag of every image, sorted. By the engine's own tools, never by the code under test. */
  tags(): Promise<readonly string[]>;
  /** How many images there are, nameless ones included. */
  imageCount(): Promise<number>;
  /** Gives an image one more name. */
  tag(image: string, reference: string): Promise<void>;
  /** Has the only name of an image taken by a small new image, as a build or pull of the same name does; asked for only with `namelessImages`. */
  makeNameless(image: string): Promise<void>;
  /** Pulls the image by its digest, so that this is its only name, and returns it: `host/repository@sha256:…`. */
  digestOnly(image: string, repository: string): Promise<string>;
  /** Brings a container of the image into the state. */
  hold(image: string, state: ContainerState): Promise<Holder>;
  /** A container that mounts the image; undefined when the engine cannot. `of` is what the container is made of. */
  mount(image: string, of: string): Promise<Holder | undefined>;
  /** Makes an image from another one, on this host. */
  buildOn(parent: string, tag: string): Promise<void>;
  /** Makes at least one record of the build cache; undefined where the engine has none. */
  fillBuildCache?(): Promise<void>;
  /** Asks the engine to delete the image, without force. */
  removeUnforced(image: string): Promise<'removed' | 'refused'>;
  /** Listens on the wire; missing where the protocol has no force that could be asked for. */
  watch?(): Promise<Watch>;
  /** Ends the engine as a crash would; containers live on where they do in life. */
  kill(): Promise<void>;
  /** Starts it again. */
  start(): Promise<void>;
  /** Ends it with all it started, unmounts and removes its disk. */
  dispose(): Promise<void>;
}

export interface EngineFixture {
  /** Names the column of the table and the file of the findings, e.g. `Docker 20.10`. */
  readonly name: string;
  /** What the engine says of itself must match: `name version`. */
  readonly identity: RegExp;
  readonly capabilities: Capabilities;
  /** A user's own binary: compared with the capabilities, and not in the table. */
  readonly isOwn?: boolean;
  start(disk: DiskOptions): Promise<EngineUnderTest>;
}
