/**
 * The account of a data root: what is allocated below it, folder by folder, at a cost that does not grow with the
 * number of files in the image store. Equals `du -s --block-size=1 -x`. Where there is no layer database that we
 * can read, the whole is walked, and the account says why.
 */
import { lstat, readdir } from 'node:fs/promises';
import type { ChainId, Layer } from '../core/store.ts';
import type { Amount } from '../core/thresholds.ts';
import { errnoOf } from '../errno.ts';
import { DiskError, unreadablePath } from './error.ts';
import {
  type LayerDatabase,
  LayerDatabaseReader,
  type LayerDatabaseResult,
  type NoLayerDatabase,
} from './layer-database.ts';
import { isLate } from './filesystem.ts';
import { LayerFolders, type MeasuredFolder } from './layer-folders.ts';
import { LayerMemory } from './layer-memory.ts';
import { MetadataFolders } from './metadata-folders.ts';
import { Slices } from './slices.ts';
import { TreeMeasurer } from './trees.ts';
import { sumTrees, type TreeTotal, walkTrees } from './walk.ts';

export interface DiskAccount {
  readonly root: string;
  readonly takenAtMs: number;
  readonly total: Amount;
  /** False while some layers are estimated. */
  readonly isExact: boolean;
  /** What the image store consists of; undefined when it could not be read, `problem` says why. */
  readonly store: StoreAccount | undefined;
  readonly problem: NoLayerDatabase | undefined;
}

export interface StoreAccount {
  readonly database: LayerDatabase;
  /** Every folder of the layers folder: layers, containers' folders, build-cache snapshots, leftovers. */
  readonly folders: readonly MeasuredFolder[];
  /** Each folder and file directly below the root, and below its `containers` and `volumes`, by absolute path. */
  readonly trees: ReadonlyMap<string, TreeTotal>;
  /** The image store's metadata. */
  readonly metadata: Amount;
}

export interface AccountOptions {
  /** Estimate layers that were never measured instead of walking them: an answer at once, inexact. */
  readonly estimate?: boolean;
}

/** Folders of the root whose entries are told apart: a container's files and logs, a volume. */
const toldApart = ['containers', 'volumes'];

/** Keeps the memory that makes the account cheap. One per data root; one measurement at a time. */
export class DiskAccountant {
  readonly #root: string;
  readonly #reader: LayerDatabaseReader;
  readonly #memory: LayerMemory;
  readonly #trees = new TreeMeasurer();
  readonly #folders: LayerFolders;
  readonly #metadata = new MetadataFolders();
  #isLoaded = false;
  #stateProblem: string | undefined;

  /**
   * @param root PATH_TO_CHECK.
   * @param stateFile where measured layers are remembered over a restart; undefined: nowhere.
   */
  constructor(root: string, stateFile?: string) {
    this.#root = root.replace(/(?<=.)\/+$/, '');
    this.#reader = new LayerDatabaseReader(this.#root);
    this.#memory = new LayerMemory(stateFile);
    this.#folders = new LayerFolders(this.#memory, this.#trees);
  }

  /** A sentence about a state file that was damaged or could not be written; undefined when all is well. */
  get stateProblem(): string | undefined {
    return this.#stateProblem;
  }

  /** The image store as its own records describe it, without a look at the layers' files. Never throws but for an abort. */
  async readStore(signal: AbortSignal): Promise<LayerDatabaseResult> {
    return await this.#reader.read(signal);
  }

  /**
   * What is allocated below the root now.
   * @throws DiskError when the root is missing or something in it may not be read; the signal's reason when aborted.
   */
  async measure(signal: AbortSignal, options: AccountOptions = {}): Promise<DiskAccount> {
    const result = await this.#reader.read(signal);
    const account = result.ok
      ? await this.#measureStore(result.database, options.estimate ?? false, signal)
      : await this.#walkAll(result.problem, signal);
    return account;
  }

  async #measureStore(database: LayerDatabase, estimate: boolean, signal: AbortSignal): Promise<DiskAccount> {
    if (!this.#isLoaded) {
      this.#stateProblem = await this.#memory.load(database.layersFolder);
      this.#isLoaded = true;
    }
    const slices = new Slices(signal);
    const nowMs = Date.now();
    const allocatesLate = await isLate(this.#root);
    let folders: readonly MeasuredFolder[];
    try {
      folders = await this.#folders.measure(database, { estimate, allocatesLate, nowMs }, slices, signal);
    } finally {
      await this.#save();
    }
    const apart = new Set([database.layersFolder, ...database.metadataFolders]);
    const { tops, trees } = await this.#listRoot(apart);
    for (const [path, total] of await this.#trees.measure(tops, [], signal)) trees.set(path, total);
    for (const [path, total] of await this.#trees.measure(database.restlessFolders, [], signal)) {
      trees.set(path, total);
    }
    const metadata = await this.#metadata.measure(
      [...database.metadataFolders, `${database.layersFolder}/l`],
      database.restlessFolders,
      slices,
    );
    const inTrees = sumTrees([...trees.values(), ...folders.map((folder) => folder.files)]);
    const parts = [inTrees, metadata, ...folders.map((folder) => folder.rest)];
    return {
      root: this.#root,
      takenAtMs: nowMs,
      total: sum(parts),
      isExact: folders.every((folder) => folder.isExact),
      store: { database, folders, trees, metadata },
      problem: undefined,
    };
  }

  /** What is below the root but in no folder with a measure of its own: paths to walk, and folders alone. */
  async #listRoot(apart: ReadonlySet<string>): Promise<{ tops: string[]; trees: Map<string, TreeTotal> }> {
    const tops: string[] = [];
    const trees = new Map<string, TreeTotal>();
    const device = await this.#folderAlone(this.#root, trees, undefined);
    for (const name of await namesIn(this.#root)) {
      const path = `${this.#root}/${name}`;
      if (apart.has(path) && !path.endsWith('/image')) await this.#folderAlone(path, trees, device);
      else if (apart.has(path)) continue;
      else if (toldApart.includes(name)) {
        const isHere = await this.#folderAlone(path, trees, device);
        if (isHere === undefined) continue;
        for (const entry of await namesIn(path)) tops.push(`${path}/${entry}`);
      } else tops.push(path);
    }
    return { tops, trees };
  }

  /** Counts a folder without what is in it; undefined when it is gone or on another filesystem. */
  async #folderAlone(
    path: string,
    trees: Map<string, TreeTotal>,
    device: number | undefined,
  ): Promise<number | undefined> {
    try {
      const stats = await lstat(path);
      if (device !== undefined && stats.dev !== device) return undefined;
      trees.set(path, { device: stats.dev, bytes: stats.blocks * 512, inodes: 1, openLinks: [] });
      return stats.dev;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' && device !== undefined) return undefined;
      throw unreadablePath(path, errnoOf(error), error);
    }
  }

  async #walkAll(problem: NoLayerDatabase, signal: AbortSignal): Promise<DiskAccount> {
    const takenAtMs = Date.now();
    const [total] = await walkTrees([this.#root], signal);
    if (total instanceof DiskError) throw total;
    if (total === undefined) throw new RangeError('a walk of one path has one result');
    return {
      root: this.#root,
      takenAtMs,
      total: sumTrees([total]),
      isExact: true,
      store: undefined,
      problem,
    };
  }

  async #save(): Promise<void> {
    try {
      await this.#memory.save();
    } catch (error) {
      // A full disk must not keep the cleaner from measuring it.
      this.#stateProblem = `The measured layers could not be saved: ${String(error)}`;
    }
  }
}

/** The layers as the core's model has them: all that goes with each, in the layers folder and elsewhere. */
export function layersOf(store: StoreAccount): ReadonlyMap<ChainId, Layer> {
  const layers = new Map<ChainId, Layer>();
  for (const { chainId, files, rest, elsewhere, isExact } of store.folders) {
    if (chainId === undefined) continue;
    const { bytes, inodes } = sum([sumTrees([files]), rest, elsewhere]);
    const parentId = store.database.layers.get(chainId)?.parentId;
    layers.set(chainId, { id: chainId, parentId, bytes, inodes, exact: isExact });
  }
  return layers;
}

/** Adds amounts up. */
export function sum(amounts: Iterable<Amount>): Amount {
  let bytes = 0;
  let inodes = 0;
  for (const amount of amounts) {
    bytes += amount.bytes;
    inodes += amount.inodes;
  }
  return { bytes, inodes };
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
    throw unreadablePath(path, errnoOf(error), error);
  }
}
