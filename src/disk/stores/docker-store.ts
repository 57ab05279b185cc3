/**
 * Docker's image store as it lies on the disk, read-only: which folder holds which layer, and how large the engine
 * says it is. No engine request, and no walk. The layout is that of moby's `layer/filestore.go` and
 * `image/fs.go`, unchanged since Docker 1.10:
 *
 *     image/<driver>/imagedb/content/sha256/<image id>          the image's configuration (JSON)
 *     image/<driver>/layerdb/sha256/<chain id>/{size,diff,cache-id,parent}
 *     image/<driver>/layerdb/mounts/<container>/{mount-id,init-id,parent}
 *     image/<driver>/layerdb/tmp/write-set-*                    a layer being registered (pull, load, build)
 *     <driver>/<cache-id>/                                      the layer's files
 */
import type { ChainId, ImageId } from '../../core/model/store.ts';
import { chainId, chainIds } from '../../system/chain-id.ts';
import { isSettled } from '../walk/folder-mark.ts';
import { type Listings, look } from '../walk/listings.ts';
import { PodmanStoreReader } from './podman-store.ts';
import { ReadOnce } from './read-once.ts';
import type {
  LayerDatabase,
  LayerDatabaseResult,
  NoLayerDatabase,
  StoredContainer,
  StoredLayer,
} from './store.ts';
import { namesIn, readMembers, readTexts } from './store-files.ts';

const digestPattern = /^sha256:[0-9a-f]{64}$/;
const hexPattern = /^[0-9a-f]{64}$/;
const folderPattern = /^[0-9a-z]{1,128}$/;

/** Storage drivers whose folders are laid out alike; of two that are there the first is the engine's: a rootless one begins with the other. */
const readable = ['overlay2', 'fuse-overlayfs'] as const;

/**
 * Reads the store below a data directory; keeps what it has read, for it never changes. One per data directory. Lists folders on the
 * main thread: only of a filesystem that answers.
 */
export class LayerDatabaseReader {
  readonly #root: string;
  readonly #listings: Listings;
  readonly #layers = new ReadOnce<StoredLayer>();
  readonly #images = new ReadOnce<readonly ChainId[]>();
  readonly #containers = new ReadOnce<StoredContainer>();
  readonly #podman: PodmanStoreReader;
  #latest: LayerDatabase | undefined;

  constructor(root: string, listings: Listings) {
    this.#root = root;
    this.#listings = listings;
    this.#podman = new PodmanStoreReader(root);
  }

  /**
   * The store as it is now; the same object as before while nothing changed. Never throws but for an abort: what is wrong is
   * in the result.
   */
  async read(signal: AbortSignal): Promise<LayerDatabaseResult> {
    signal.throwIfAborted();
    const drivers = this.#listings.list(`${this.#root}/image`);
    if (drivers === undefined) return this.#podman.read(signal);
    if (typeof drivers === 'string')
      return no('unreadable', `${this.#root}/image may not be read (${drivers}).`);
    // An engine that changed its driver leaves the old folder behind: the layers folder must be there as well.
    const folders = this.#listings.list(this.#root);
    if (typeof folders === 'string') return no('unreadable', `${this.#root} may not be read (${folders}).`);
    const driver = readable.find((name) => folders?.includes(name) === true && drivers.includes(name));
    if (driver === undefined) {
      const found = drivers.filter((name) => /^[a-z0-9-]+$/.test(name)).join(', ');
      if (found === '') return no('missing', `${this.#root}/image is empty: no image was ever stored here.`);
      return no(
        'driver',
        `The engine at ${this.#root} stores with ${found}; layers are measured on disk for ${readable.join(' and ')} only.`,
      );
    }
    const metadata = `${this.#root}/image/${driver}`;
    const chains = this.#listings.list(`${metadata}/layerdb/sha256`);
    const imageIds = this.#listings.list(`${metadata}/imagedb/content/sha256`);
    if (typeof chains === 'string')
      return no('unreadable', `${metadata}/layerdb/sha256 may not be read (${chains}).`);
    if (typeof imageIds === 'string')
      return no('unreadable', `${metadata}/imagedb/content/sha256 may not be read (${imageIds}).`);
    if (chains === undefined || imageIds === undefined) {
      return no('damaged', `${metadata} has no layerdb/sha256 or no imagedb/content/sha256.`);
    }
    return { ok: true, database: await this.#refresh(driver, chains, imageIds, signal) };
  }

  async #refresh(
    driver: (typeof readable)[number],
    chains: readonly string[],
    imageIds: readonly string[],
    signal: AbortSignal,
  ): Promise<LayerDatabase> {
    const damaged: string[] = [];
    const metadata = `${this.#root}/image/${driver}`;
    const layersPath = `${metadata}/layerdb/sha256`;
    // `<chain>-<random>-removing` is a layer on its way out (moby since 19.03): no longer a layer.
    const changes = [
      await this.#layers.refresh(
        chains,
        digestOf,
        (id) => readLayer(`${layersPath}/${id.slice(7)}`, id),
        damaged,
        signal,
      ),
      await this.#images.refresh(
        imageIds,
        digestOf,
        (id) => readImage(`${metadata}/imagedb/content/sha256/${id.slice(7)}`, id),
        damaged,
        signal,
      ),
      await this.#refreshContainers(`${metadata}/layerdb/mounts`, damaged, signal),
    ];
    const writing = this.#listings.list(`${metadata}/layerdb/tmp`);
    const isWriting = !Array.isArray(writing) || writing.length > 0;
    const latest = this.#latest;
    const isSame = !changes.includes(true) && damaged.length === 0 && latest?.driver === driver;
    if (isSame && latest.isWriting === isWriting) return latest;
    const layers = new Map(this.#layers.records);
    const database: LayerDatabase = {
      layout: 'docker',
      driver,
      root: this.#root,
      layersFolder: `${this.#root}/${driver}`,
      metadataFolders: [`${this.#root}/image`],
      restlessFolders: [`${metadata}/layerdb/tmp`],
      layers,
      byFolder: new Map([...layers.values()].map((layer) => [layer.folder, layer])),
      containers: new Map(this.#containers.records),
      images: new Map(this.#images.records),
      isWriting,
      damaged,
    };
    this.#latest = damaged.length === 0 ? database : undefined;
    return database;
  }

  async #refreshContainers(folder: string, damaged: string[], signal: AbortSignal): Promise<boolean> {
    const names = this.#listings.list(folder) ?? [];
    if (typeof names === 'string') {
      damaged.push(`${folder} may not be read (${names}).`);
      return true;
    }
    return await this.#containers.refresh(
      names,
      (name) => name,
      (id) => readContainer(`${folder}/${id}`, id),
      damaged,
      signal,
    );
  }
}

/** The diff IDs of an image's configuration (JSON), from the bottom up; undefined where it is none. */
function diffIdsOf(configuration: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(configuration);
    if (typeof value !== 'object' || value === null || !('rootfs' in value)) return undefined;
    const rootfs = value.rootfs;
    if (typeof rootfs !== 'object' || rootfs === null) return undefined;
    // An image without layers has `diff_ids: null` or none.
    const diffIds: unknown = 'diff_ids' in rootfs ? (rootfs.diff_ids ?? []) : [];
    if (!Array.isArray(diffIds)) return undefined;
    const isDigest = (id: unknown): id is string => typeof id === 'string' && digestPattern.test(id);
    return diffIds.every(isDigest) ? diffIds : undefined;
  } catch {
    return undefined;
  }
}

/** A chain or image ID by the name of its file or folder. */
function digestOf(name: string): string | undefined {
  return hexPattern.test(name) ? `sha256:${name}` : undefined;
}

/** What is read of an image's configuration; its labels and its history may be long. */
const ofImages = new Set(['rootfs', 'diff_ids']);

/** An image's layers; undefined when it vanished meanwhile; a sentence when it is damaged. */
async function readImage(path: string, id: ImageId): Promise<readonly ChainId[] | string | undefined> {
  const text = await readMembers(path, ofImages);
  if (text === undefined || typeof text === 'string') return text;
  const diffIds = text.digest === id ? diffIdsOf(text.text) : undefined;
  return diffIds === undefined ? `${path} is not the configuration of image ${id}.` : chainIds(diffIds);
}

function isYoung(folder: string): boolean {
  const stats = look(folder);
  return stats === undefined || !isSettled(stats, Date.now());
}

/** A container's folders; undefined while it is being made or removed. */
async function readContainer(folder: string, id: string): Promise<StoredContainer | string | undefined> {
  const texts = await readTexts(folder, ['mount-id', 'init-id', 'parent']);
  if (typeof texts === 'string') return texts;
  const [mount, init, parent] = texts;
  // The engine writes the parent last; a container made from nothing has none.
  if (mount === undefined || (parent === undefined && isYoung(folder))) return undefined;
  return { id, folders: [mount, init].flatMap((folder) => folder ?? []), parentId: parent };
}

/** One layer; undefined when it vanished meanwhile; a sentence when it is damaged. */
async function readLayer(folder: string, id: ChainId): Promise<StoredLayer | string | undefined> {
  const texts = await readTexts(folder, ['size', 'diff', 'cache-id', 'parent']);
  if (typeof texts === 'string') return texts;
  const [sizeBytes, diffId, cacheId, parentId] = texts;
  if (sizeBytes === undefined || diffId === undefined || cacheId === undefined) {
    // Reading raced with a removal, or files are missing: the folder's listing tells which.
    return (await namesIn(folder)) === undefined ? undefined : `${folder} lacks size, diff or cache-id.`;
  }
  const isWhole = chainId(parentId, diffId) === id && /^\d+$/.test(sizeBytes) && folderPattern.test(cacheId);
  if (!isWhole) return `${folder} is damaged: its files do not add up to its name.`;
  return { chainId: id, parentId, diffId, folder: cacheId, sizeBytes: Number(sizeBytes) };
}

function no(reason: NoLayerDatabase['reason'], message: string): LayerDatabaseResult {
  return { ok: false, problem: { reason, message } };
}
