/**
 * Podman's (containers/storage) image store as it lies on the disk, read-only. Layout as of containers/storage 1.x:
 *
 *     overlay-layers/layers.json         layers: id, parent, diff-digest, diff-size
 *     overlay-images/images.json         images: id, layer (the topmost)
 *     overlay-containers/containers.json containers: id, names, image, layer (the one it writes in); also those that other
 *                                        programs on the same store made, of which the engine says nothing (buildah)
 *     overlay/<layer id>/                the layer's files
 */
import type { LayerDatabaseResult, StoredContainer, StoredLayer } from './store.ts';
import { type Stats, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import type { ChainId, ImageId } from '../../core/model/store.ts';
import { chainId } from '../../system/chain-id.ts';
import { isGone } from '../filesystem/error.ts';
import { isSettled } from '../walk/folder-mark.ts';
import { namesIn } from './store-files.ts';

const layersShape = v.array(
  v.object({
    id: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    parent: v.optional(v.string()),
    'diff-digest': v.optional(v.string()),
    'diff-size': v.optional(v.number()),
  }),
);
const imagesShape = v.array(v.object({ id: v.string(), layer: v.optional(v.string()) }));
const containersShape = v.array(
  v.object({
    id: v.string(),
    layer: v.string(),
    image: v.optional(v.string()),
    names: v.nullish(v.array(v.string())),
  }),
);

/**
 * Reads the store below a root; remembers it until one of its lists is another. One per root. Looks at files on the main
 * thread: only on a filesystem that answers.
 */
export class PodmanStoreReader {
  readonly #root: string;
  #latest: LayerDatabaseResult | undefined;
  /** Its lists as they were before they were read: Podman writes a new file beside and renames it. */
  #mark: string | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** The store as it is now; the same object as before while no list changed. Never throws but for an abort. */
  async read(signal: AbortSignal): Promise<LayerDatabaseResult> {
    signal.throwIfAborted();
    const stats = listsOf(this.#root).map(statsOf);
    const mark = JSON.stringify(
      stats.map((each) => each && [each.ino, each.mtimeMs, each.ctimeMs, each.size]),
    );
    if (this.#latest !== undefined && mark === this.#mark) return this.#latest;
    const nowMs = Date.now();
    const result = await readStore(this.#root, signal);
    const isWhole = result.ok && result.database.damaged.length === 0;
    const areSettled = stats.every((each) => each === undefined || isSettled(each, nowMs));
    this.#latest = isWhole && areSettled ? result : undefined;
    this.#mark = mark;
    return result;
  }
}

function listsOf(root: string): readonly string[] {
  return [
    `${root}/overlay-layers/layers.json`,
    `${root}/overlay-images/images.json`,
    `${root}/overlay-containers/containers.json`,
  ];
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // The reader finds out why; what cannot be read is not cached.
    return undefined;
  }
}

async function readStore(root: string, signal: AbortSignal): Promise<LayerDatabaseResult> {
  const [layersPath = '', imagesPath = '', containersPath = ''] = listsOf(root);
  // A store in which there never was an image has the folder and no list.
  const isNew = (await namesIn(dirname(layersPath)))?.includes('layers.json') === false;
  const layersFile = isNew ? [] : await readJson(layersPath, layersShape);
  if (layersFile === undefined) {
    return problem(
      'missing',
      `${root} holds neither Docker's image store (image/) nor Podman's (overlay-layers/).`,
    );
  }
  if (typeof layersFile === 'string') {
    return layersFile === 'unreadable'
      ? problem('unreadable', `${layersPath} may not be read.`)
      : problem('damaged', `${layersPath} is not Podman's list of layers.`);
  }
  const damaged: string[] = [];
  const listedImages = await readJson(imagesPath, imagesShape);
  const images = usable(listedImages, imagesPath, damaged);
  const containers = usable(await readJson(containersPath, containersShape), containersPath, damaged);
  signal.throwIfAborted();
  const writable = new Set(containers.map((container) => container.layer));
  const parents = new Map(layersFile.map(({ id, parent }) => [id, parent]));
  const chainsOf = chainFinder(layersFile);
  const layers = new Map<ChainId, StoredLayer>();
  for (const layer of layersFile) {
    if (writable.has(layer.id)) continue;
    const chains = chainsOf(layer.id);
    const own = chains?.at(-1);
    if (chains === undefined || own === undefined) {
      damaged.push(`Podman's layer ${layer.id} has no digest or no parent.`);
      continue;
    }
    layers.set(own, {
      chainId: own,
      parentId: chains.at(-2),
      diffId: layer['diff-digest'] ?? '',
      folder: layer.id,
      sizeBytes: layer['diff-size'] ?? 0,
    });
  }
  const imageChains = new Map<ImageId, readonly ChainId[]>();
  for (const image of images) {
    const chains = chainsOf(image.layer);
    if (chains === undefined) damaged.push(`Podman's image ${image.id} uses a layer that is not listed.`);
    else imageChains.set(`sha256:${image.id}`, chains);
  }
  const stored = new Map<string, StoredContainer>();
  for (const { id, layer, image, names } of containers) {
    const parentId = chainsOf(parents.get(layer))?.at(-1);
    // Empty: made from nothing (`buildah from scratch`).
    const holds = image ? { image: `sha256:${image}`, name: names?.[0] ?? id.slice(0, 12) } : undefined;
    stored.set(id, { id, folders: [layer], parentId, holds });
  }
  return {
    ok: true,
    database: {
      layout: 'podman',
      driver: 'overlay',
      root,
      layersFolder: `${root}/overlay`,
      // Its locks are written in place, but have one block from the first time on, when the folder changes as well.
      metadataFolders: [`${root}/overlay-images`, `${root}/overlay-layers`],
      restlessFolders: [],
      layers,
      byFolder: new Map([...layers.values()].map((layer) => [layer.folder, layer])),
      containers: stored,
      images: imageChains,
      holdsOnly: (await isWhole(listedImages, imagesPath))
        ? new Set([...images.map(({ id }) => `sha256:${id}`), ...(await artifactsIn(root))])
        : undefined,
      // Podman lists a layer before its files are there (flag "incomplete"), so no folder's quietness is believed.
      isWriting: true,
      damaged,
    },
  };
}

/** Finds the chain IDs of a layer and those below it, its own last; undefined where one is missing or has no digest. */
function chainFinder(
  listed: v.InferOutput<typeof layersShape>,
): (id: string | undefined) => readonly ChainId[] | undefined {
  const byId = new Map(listed.map((layer) => [layer.id, layer]));
  const known = new Map<string, ChainId>();
  return (id) => {
    const path: v.InferOutput<typeof layersShape> = [];
    for (let at = id; at !== undefined && at !== ''; at = path.at(-1)?.parent) {
      const layer = byId.get(at);
      if (layer === undefined || path.length > byId.size) return undefined;
      path.push(layer);
    }
    const chains: ChainId[] = [];
    for (const { id: layer, 'diff-digest': digest } of path.reverse()) {
      if (digest === undefined) return undefined;
      const chain = known.get(layer) ?? chainId(chains.at(-1), digest);
      known.set(layer, chain);
      chains.push(chain);
    }
    return chains;
  };
}

async function readJson<T>(
  path: string,
  shape: v.GenericSchema<unknown, T>,
): Promise<T | 'unreadable' | 'damaged' | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return isGone(error) ? undefined : 'unreadable';
  }
  try {
    const result = v.safeParse(shape, JSON.parse(text));
    return result.success ? result.output : 'damaged';
  } catch {
    return 'damaged';
  }
}

/** Whether the list of images is complete: it may be missing if there was never an image, but then its folder exists. */
async function isWhole(list: readonly unknown[] | string | undefined, path: string): Promise<boolean> {
  return list === undefined ? (await namesIn(dirname(path))) !== undefined : Array.isArray(list);
}

/** CRI-O lists OCI artifacts like images, by the digest of their manifest; they lie beside, in an OCI layout. */
async function artifactsIn(root: string): Promise<readonly ImageId[]> {
  // None, or not to be read: then they count as another store's, and stay.
  const blobs = await namesIn(`${root}/artifacts/blobs/sha256`);
  return (blobs ?? []).map((hex) => `sha256:${hex}`);
}

function usable<T>(
  list: readonly T[] | 'unreadable' | 'damaged' | undefined,
  path: string,
  damaged: string[],
): readonly T[] {
  if (list === undefined) return [];
  if (typeof list === 'string') {
    damaged.push(`${path} is ${list}.`);
    return [];
  }
  return list;
}

function problem(reason: 'missing' | 'unreadable' | 'damaged', message: string): LayerDatabaseResult {
  return { ok: false, problem: { reason, message } };
}
