/** An engine's store of layers as it lies on the disk, whichever engine wrote it: what the readers of this room give. */
import type { ChainId, ImageId } from '../../core/model/store.ts';

export interface StoredLayer {
  readonly chainId: ChainId;
  readonly parentId: ChainId | undefined;
  readonly diffId: string;
  /** Name of its folder below `layersFolder`. */
  readonly folder: string;
  /** Sum of the sizes of its files as the engine counted them: less than what is allocated, often by far. */
  readonly sizeBytes: number;
}

/** A container's own folders in the layers folder. */
export interface StoredContainer {
  readonly id: string;
  /** The folders that it writes in (and the engine's init layer below). */
  readonly folders: readonly string[];
  /** The topmost layer of its image. */
  readonly parentId: ChainId | undefined;
  /** Its image and its name, where the store tells them. */
  readonly holds?: { readonly image: ImageId; readonly name: string } | undefined;
}

/** The store at one moment. */
export interface LayerDatabase {
  readonly layout: 'docker' | 'podman';
  readonly driver: 'overlay2' | 'fuse-overlayfs' | 'overlay';
  /** The data directory. */
  readonly root: string;
  /** Absolute: the folder with a folder for each layer. */
  readonly layersFolder: string;
  /**
   * Absolute: folders with metadata in which files come and go, but are never changed in place (both engines write
   * beside and rename), so that an unchanged folder time means unchanged files.
   */
  readonly metadataFolders: readonly string[];
  /** Absolute: folders below those, whose files are written in place and have to be read each time. */
  readonly restlessFolders: readonly string[];
  readonly layers: ReadonlyMap<ChainId, StoredLayer>;
  /** The same layers by the name of their folder. */
  readonly byFolder: ReadonlyMap<string, StoredLayer>;
  readonly containers: ReadonlyMap<string, StoredContainer>;
  /** Each image's layers from the bottom up. */
  readonly images: ReadonlyMap<ImageId, readonly ChainId[]>;
  /**
   * Every image that this store holds, where an engine may list images of other stores beside it (containers/storage:
   * additional, read-only ones). Left out where the list could not be read.
   */
  readonly holdsOnly?: ReadonlySet<ImageId> | undefined;
  /** A layer was being written at this moment. */
  readonly isWriting: boolean;
  /** Entries that could not be used, each a sentence. The rest of the database stands. */
  readonly damaged: readonly string[];
}

/**
 * - `missing`: neither Docker's nor Podman's store is here.
 * - `unreadable`: it is here, but this process may not read it.
 * - `damaged`: it is here and cannot be understood.
 * - `driver`: a storage driver whose folders say nothing of layers (vfs, btrfs, zfs, devicemapper).
 */
export interface NoLayerDatabase {
  readonly reason: 'missing' | 'unreadable' | 'damaged' | 'driver';
  /** A sentence for people. */
  readonly message: string;
}

export type LayerDatabaseResult =
  | { readonly ok: true; readonly database: LayerDatabase }
  | { readonly ok: false; readonly problem: NoLayerDatabase };
