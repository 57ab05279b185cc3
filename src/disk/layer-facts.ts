/** What the disk knows of the layers, out of what was measured and of the engines' records, and a store with it. */
import type { LayerDatabase, StoredContainer } from './stores/store.ts';
import { formatCount } from '../core/model/format.ts';
import type {
  ChainId,
  Container,
  EngineNeed,
  HeldSpace,
  ImageId,
  ImageStore,
  Layer,
} from '../core/model/store.ts';
import { type DiskAccount, layersOf } from './account/account.ts';
import type { BuildSnapshots } from './stores/buildkit.ts';
import { containerOf } from './stores/container-names.ts';
import type { ContainerdStoreResult } from './stores/containerd-store.ts';
import { heldByNobody, heldSpaceOf } from './account/held-space.ts';

/** What the disk knows of the images' layers. */
export interface LayerFacts {
  /** Each image's layers from the bottom up; an image that is not here is unknown to the disk. */
  readonly images: ReadonlyMap<ImageId, readonly ChainId[]>;
  readonly layers: ReadonlyMap<ChainId, Layer>;
  /** Layers that something without a name holds; see ImageStore. */
  readonly heldLayers: readonly ChainId[];
  /** Containers that the store names, whether the engine lists them or not; left out where it does not name their images. */
  readonly containers?: readonly StoredContainer[];
  /** Every image that the store holds; see LayerDatabase. */
  readonly holdsOnly?: ReadonlySet<ImageId> | undefined;
  /** What containers and build-cache records hold, by ID; see ImageStore. */
  readonly heldSpace: ReadonlyMap<string, HeldSpace>;
  /** Where the sizes are from, a sentence for people. */
  readonly source: string;
}

/** What an account says of the layers, and the build cache's databases of who holds them. */
export function factsOf(account: DiskAccount, builds: BuildSnapshots): LayerFacts {
  const { store } = account;
  if (store === undefined) {
    const why = account.problem?.message ?? 'no image store was found there';
    return noFacts(why);
  }
  const heldSpace = heldSpaceOf(store, builds);
  const { images, layers, damaged } = store.database;
  // The engine is asked about an image with a layer that the database does not know.
  const whole = new Map([...images].filter(([, chain]) => chain.every((id) => layers.has(id))));
  return {
    images: whole,
    layers: layersOf(store),
    heldLayers: heldByNobody(store, heldSpace),
    containers: [...store.database.containers.values(), ...mountsOf(store.database)],
    heldSpace,
    holdsOnly: store.database.holdsOnly,
    source: [
      account.isExact
        ? 'measured on the disk'
        : 'measured on the disk, some estimated from the layer database',
      ...(builds.isExact
        ? []
        : ['the build cache is believed to hold all that its damaged database mentions']),
      ...leftOut(
        'folder',
        account.leftOut.map(({ message }) => message),
      ),
      ...leftOut('record', damaged, ' of the layer database'),
    ].join('; '),
  };
}

function leftOut(noun: string, [first, ...others]: readonly string[], where = ''): readonly string[] {
  if (first === undefined) return [];
  return [`${formatCount(1 + others.length, noun)}${where} left out, as ${first.replace(/\.$/, '')}`];
}

/** Images that containers mount (Docker 28 and later): their records name the topmost layer, whatever became of the name. */
function mountsOf({ containers, images }: LayerDatabase): readonly StoredContainer[] {
  const found: StoredContainer[] = [];
  for (const mount of containers.values()) {
    const owner = containerOf(mount.id);
    if (owner?.suffix === undefined || mount.parentId === undefined) continue;
    for (const [image, chain] of images)
      if (chain.at(-1) === mount.parentId) found.push({ ...mount, holds: { image, name: owner.called } });
  }
  return found;
}

/** What containerd's records say. */
export function factsOfContainerd(result: ContainerdStoreResult): LayerFacts {
  if (!result.ok) return noFacts(result.message);
  const source =
    'measured on the disk by containerd when it unpacked them, and the content that they were unpacked from';
  return { ...result.store, source };
}

/** @param why a sentence for people. */
export function noFacts(why: string): LayerFacts {
  return toldByEngine(`the store on disk could not be used: ${why}`);
}

/** Nothing of the disk. @param why a sentence for people. */
export function toldByEngine(why: string): LayerFacts {
  return {
    images: new Map(),
    layers: new Map(),
    heldLayers: [],
    heldSpace: new Map(),
    source: `estimated from the sizes that the engine gives, because ${why}`,
  };
}

/** The store with what the disk knows of its layers. */
export function withLayers(store: ImageStore, facts: LayerFacts): ImageStore {
  return {
    images: store.images.map((image) => {
      const layers = facts.images.get(image.id);
      if (layers !== undefined) return { ...image, layers };
      return facts.holdsOnly === undefined || facts.holdsOnly.has(image.id)
        ? image
        : { ...image, engineNeeds };
    }),
    containers: [
      ...withStoredImages(store.containers, facts.containers ?? []),
      ...unlisted(store.containers, facts.containers ?? []),
    ],
    layers: facts.layers,
    heldLayers: facts.heldLayers,
    heldSpace: facts.heldSpace,
    ...(store.cacheRecords && { cacheRecords: store.cacheRecords }),
  };
}

const engineNeeds: EngineNeed = {
  code: 'elsewhere',
  reason: 'it is in another store than the one that is cleaned, so deleting it would free nothing here',
};

/**
 * The engine's containers, with the image from the store where the engine does not report it: CRI-O lists a pod
 * without the image of its sandbox, which may differ from the one pods get today.
 */
function withStoredImages(
  listed: readonly Container[],
  stored: readonly StoredContainer[],
): readonly Container[] {
  // Images with the same layers cannot be distinguished by what is built on them: it may be any of them.
  const held = new Map<string, ImageId[]>();
  for (const { id, holds } of stored)
    if (holds !== undefined) held.set(id, [...(held.get(id) ?? []), holds.image]);
  return listed.map((container) => {
    const images = held.get(container.id);
    if (images === undefined || images.some((image) => container.images.includes(image))) return container;
    return { ...container, images: [...container.images, ...images] };
  });
}

/**
 * Containers that hold an image and that the engine does not list: another program's on the same store (buildah's working
 * containers on Podman's), or made since the list. The engine refuses to delete their images.
 */
function unlisted(listed: readonly Container[], stored: readonly StoredContainer[]): readonly Container[] {
  const known = new Set(listed.map(({ id }) => id));
  return stored.flatMap(({ id, holds }) =>
    holds === undefined || known.has(id)
      ? []
      : [
          {
            id,
            name: holds.name,
            images: [holds.image],
            state: 'external',
            createdAtMs: undefined,
            labels: {},
          },
        ],
  );
}
