/** Finds out whether PATH_TO_CHECK is where the engine keeps its images. Cleaning by the gauge of another disk is worse than not cleaning. */
import type { LayerDatabaseResult } from './stores/store.ts';
import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ImageId } from '../core/model/store.ts';
import { deviceOf, isSubvolume } from './layers-place.ts';

/** What the engine says of itself (a part of EngineInfo). */
export interface EngineWhereabouts {
  readonly rootDirectory: string | undefined;
  readonly storageDriver: string | undefined;
  readonly storeDirectory?: string | undefined;
}

/**
 * - `another-folder`: the engine keeps its images in another folder of the same filesystem: relative thresholds are
 *   right, absolute ones and layer sizes are not.
 * - `another-filesystem`: the gauge is not the one that deleting images moves.
 * - `unknown`: the engine's images are not below the path, and where they are cannot be seen from here.
 */
export interface DataRootFinding {
  readonly code: 'another-folder' | 'another-filesystem' | 'unknown';
  /** A sentence for people, naming both places and what to do. */
  readonly message: string;
}

/** Where Docker's containerd image store lies (moby since 24; the default of 29) unless configured otherwise. */
const containerdRoot = '/var/lib/containerd';
/** The folder by which a containerd root is known. */
const containerdMark = 'io.containerd.metadata.v1.bolt';

/**
 * Where an engine says it keeps its images, if that is visible from here: the default of PATH_TO_CHECK.
 * @returns undefined if the engine does not say, or names a folder that is not here.
 */
export async function pathOf({
  rootDirectory,
  storeDirectory,
}: EngineWhereabouts): Promise<string | undefined> {
  const told = storeRoot(storeDirectory) ?? rootDirectory;
  return told !== undefined && (await deviceOf(told)) !== undefined ? told : undefined;
}

/** containerd names a snapshotter's folder, CRI-O that of its images: the store is their parent. */
function storeRoot(storeDirectory: string | undefined): string | undefined {
  return storeDirectory?.replace(/\/(io\.containerd\.[^/]+|[a-z0-9]+-images)$/, '');
}

/**
 * Compares the path with what the engine says and holds. The images decide, not the name: an engine in a container
 * knows its folder by another name than we do.
 * @param images the engine's images; an empty store proves nothing.
 * @param gauged the folder whose filesystem is gauged.
 * @returns undefined when nothing is wrong, as far as is known.
 */
export async function checkDataRoot(
  path: string,
  engine: EngineWhereabouts,
  images: readonly ImageId[],
  database: LayerDatabaseResult,
  gauged = path,
): Promise<DataRootFinding | undefined> {
  const isContainerdStore = isSnapshotter(engine.storageDriver);
  // A containerd root, also where it was moved or mounted.
  if (isContainerdStore && (await deviceOf(`${path}/${containerdMark}`)) !== undefined) return undefined;
  // The layers' folder itself, or a folder of them: the right gauge, whatever cannot be read there.
  if (!isContainerdStore && !database.ok && (await isPartOf(path, engine))) return undefined;
  if (engine.storeDirectory !== undefined) {
    // Docker's containerd store is named by its folder: it need not be below Docker's data directory.
    const isBelow = engine.storeDirectory.startsWith(`${engine.rootDirectory ?? ''}/`);
    const root = isBelow ? engine.rootDirectory : undefined;
    const named = storeRoot(engine.storeDirectory) ?? engine.storeDirectory;
    return await checkStore(path, engine.storeDirectory, root ?? named, gauged);
  }
  const found = database.ok ? images.filter((id) => database.database.images.has(id)).length : 0;
  if (found > 0) return undefined;
  const isNamed = engine.rootDirectory !== undefined && (await isSamePlace(path, engine.rootDirectory));
  if (isNamed && !isContainerdStore) {
    // Podman's images may all be in additional, read-only stores.
    const isForeign =
      database.ok &&
      database.database.layout === 'docker' &&
      database.database.images.size > 0 &&
      images.length > 0;
    if (!isForeign) return undefined;
    return {
      code: 'unknown',
      message:
        `${path} holds the images of another engine: none of this engine's ${images.length} images is there. ` +
        'Set DOCKER_IMAGE_CLEANER_PATH_TO_CHECK to where this engine keeps its images, as seen from here.',
    };
  }
  // The engine names another place, but nothing stored contradicts: it may be the same folder under two names.
  if (!isContainerdStore && images.length === 0) return undefined;
  if (!isContainerdStore && engine.rootDirectory === undefined) return undefined;
  if (!database.ok && database.problem.reason === 'driver' && !isContainerdStore) return undefined;
  const actual = isContainerdStore ? containerdRoot : (engine.rootDirectory ?? '');
  return finding(path, actual);
}

/** An engine that names the folder of its images. A container may see it under another name: then its own folders decide. */
async function checkStore(
  path: string,
  store: string,
  root: string,
  gauged: string,
): Promise<DataRootFinding | undefined> {
  if (await isWithin(path, store)) {
    if (!(await isOnItsOwnDisk(gauged, store))) return undefined;
    return await finding(path, (await isOnItsOwnDisk(gauged, root)) ? root : store);
  }
  const isElsewhere = (await deviceOf(store)) === undefined;
  for (const below of [basename(store), 'containerd/daemon']) {
    if (isElsewhere && (await deviceOf(`${path}/${below}`)) !== undefined) return undefined;
  }
  return await finding(path, root);
}

/** Whether a store below the path is on another filesystem than the one that is gauged: a disk mounted further down. */
async function isOnItsOwnDisk(gauged: string, store: string): Promise<boolean> {
  const [here, there] = await Promise.all([deviceOf(gauged), deviceOf(store)]);
  return here !== undefined && there !== undefined && here !== there && !(await isSubvolume(gauged, store));
}

/** A folder inside of the root whose gauge is that of the layers: on the root's filesystem, or the layers' own folder. */
async function isPartOf(path: string, { rootDirectory, storageDriver }: EngineWhereabouts): Promise<boolean> {
  if (rootDirectory === undefined || (await isSamePlace(path, rootDirectory))) return false;
  if (!(await isWithin(rootDirectory, path))) return false;
  const layers = `${rootDirectory}/${storageDriver ?? ''}`;
  const [here, root, there] = await Promise.all([deviceOf(path), deviceOf(rootDirectory), deviceOf(layers)]);
  return here === (there ?? root);
}

/** Whether a path is a folder or in it; false where one of them is not there. */
async function isWithin(folder: string, inner: string): Promise<boolean> {
  const [outside, inside] = await Promise.all([realPath(folder), realPath(inner)]);
  if (outside === undefined || inside === undefined) return false;
  return inside === outside || inside.startsWith(`${outside}/`);
}

/** The containerd image store calls its driver by the snapshotter: `overlayfs`, `native`, … and not `overlay2`. */
export function isSnapshotter(driver: string | undefined): boolean {
  return driver === 'overlayfs' || driver === 'stargz' || driver === 'nydus' || driver === 'soci';
}

/** @param actual where the images are: an engine's data directory, or its containerd's. */
async function finding(path: string, actual: string): Promise<DataRootFinding> {
  const say = (rest: string): string =>
    `DOCKER_IMAGE_CLEANER_PATH_TO_CHECK=${path} is not where the engine keeps its images, ${actual}; ${rest}`;
  const [here, there] = await Promise.all([deviceOf(path), deviceOf(actual)]);
  if (there === undefined || here === undefined) {
    return {
      code: 'unknown',
      message: say(
        (await isInContainer())
          ? 'that folder cannot be seen from here. Mount it into this container and set the path to it.'
          : 'that folder does not exist here, or may not be read. Is the engine on another host?',
      ),
    };
  }
  return here === there
    ? {
        code: 'another-folder',
        message: say(
          'on the same filesystem, so percentages are right, but bytes and layer sizes are not. Set the path to it.',
        ),
      }
    : {
        code: 'another-filesystem',
        message: say(
          'on another filesystem, so deleting images would not change its usage. Set the path to it.',
        ),
      };
}

async function isSamePlace(one: string, other: string): Promise<boolean> {
  const place = await realPath(one);
  return place !== undefined && place === (await realPath(other));
}

/** Undefined where it is not there. */
async function realPath(path: string): Promise<string | undefined> {
  return await realpath(path).catch(() => undefined);
}

/** Docker and Podman leave a file in each container, Kubernetes a variable. */
async function isInContainer(): Promise<boolean> {
  if (process.env['KUBERNETES_SERVICE_HOST'] !== undefined) return true;
  for (const mark of ['/.dockerenv', '/run/.containerenv'])
    if ((await deviceOf(mark)) !== undefined) return true;
  return false;
}
