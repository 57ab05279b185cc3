/**
 * The account of a data directory: what is allocated below it, folder by folder, at a cost that does not grow with the
 * number of files in the image store. Equals `du -s --block-size=1 -x`. Where there is no layer database that we
 * can read, the whole is walked, and the account says why.
 */
import { sumTrees, type TreeTotal } from '../walk/tree-total.ts';
import type { LayerDatabase, LayerDatabaseResult, NoLayerDatabase } from '../stores/store.ts';
import type { ChainId, Layer } from '../../core/model/store.ts';
import type { Amount } from '../../core/model/thresholds.ts';
import { smaller, sum } from '../../core/model/amount.ts';
import { DiskError, unreadablePath } from '../filesystem/error.ts';
import { LayerDatabaseReader } from '../stores/docker-store.ts';
import { isLate, untilAnswering, usedOf } from '../filesystem/filesystem.ts';
import { LayerFolders, type MeasuredFolder, type Measurement } from './layer-folders.ts';
import { LayerMemory } from './layer-memory.ts';
import { LeftOut } from '../walk/left-out.ts';
import { Listings, look } from '../walk/listings.ts';
import { MetadataFolders } from './metadata-folders.ts';
import { MountTable } from '../walk/mount-points.ts';
import { Slices } from '../walk/slices.ts';
import { TreeMeasurer } from '../walk/trees.ts';
import { walkTrees } from '../walk/walk.ts';

export interface DiskAccount {
  readonly root: string;
  readonly takenAtMs: number;
  readonly total: Amount;
  /** False where something could not be measured. */
  readonly isExact: boolean;
  /** What the image store consists of; undefined when it could not be read, `problem` says why. */
  readonly store: StoreAccount | undefined;
  readonly problem: NoLayerDatabase | undefined;
  /** Trees that could not be measured: the total is without them. */
  readonly leftOut: readonly DiskError[];
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

/**
 * `lost`: the file of measured layers was there and could not be used. `unwritten`: it cannot be written. `left-out`: a tree
 * cannot be measured.
 */
export interface DiskProblem {
  readonly kind: 'lost' | 'unwritten' | 'left-out';
  readonly path: string;
  readonly message: string;
}

/** Folders of the root whose entries are told apart: a container's files and logs, a volume, what a pull put aside. */
const toldApart = ['containers', 'volumes', 'tmp'];

/** Keeps the memory that makes the account cheap. One per data directory; one measurement at a time. */
export class DiskAccountant {
  readonly #root: string;
  readonly #listings = new Listings();
  readonly #mounts: MountTable;
  readonly #reader: LayerDatabaseReader;
  readonly #memory: LayerMemory;
  readonly #trees: TreeMeasurer;
  readonly #folders: LayerFolders;
  readonly #metadata = new MetadataFolders();
  #isLoaded = false;
  readonly #stateFile: string | undefined;
  readonly #leftOut = new LeftOut();
  #stateProblems: DiskProblem[] = [];
  #isUnsaved = false;

  /**
   * @param root PATH_TO_CHECK.
   * @param stateFile where measured layers are remembered over a restart; undefined: nowhere.
   */
  constructor(root: string, stateFile?: string) {
    this.#stateFile = stateFile;
    this.#root = root.replace(/(?<=.)\/+$/, '');
    this.#mounts = new MountTable(this.#root);
    this.#reader = new LayerDatabaseReader(this.#root, this.#listings);
    this.#memory = new LayerMemory(stateFile);
    this.#trees = new TreeMeasurer(this.#listings, this.#mounts, this.#leftOut);
    this.#folders = new LayerFolders(this.#memory, this.#listings, this.#mounts, this.#leftOut);
  }

  /**
   * What went wrong with the state file or in single trees since this was asked last; a file that cannot be written, and a
   * tree that cannot be measured, once until it can.
   */
  takeProblems(): readonly DiskProblem[] {
    const leftOut = this.#leftOut
      .takeNew()
      .map(({ path, message }) => ({ kind: 'left-out' as const, path, message }));
    return [...this.#stateProblems.splice(0), ...leftOut];
  }

  /** The image store as its own records describe it, without reading the layers' files. Never throws but for an abort. */
  async readStore(signal: AbortSignal): Promise<LayerDatabaseResult> {
    try {
      await untilAnswering([this.#root, ...this.#touchedMounts()]);
    } catch (error) {
      // Without the mount table nothing can be measured, which measure() says; the records can still be read.
      if (!(error instanceof DiskError)) throw error;
    }
    return await this.#reader.read(signal);
  }

  /**
   * What is allocated below the root now.
   * @throws DiskError when the root is missing or something in it may not be read; the signal's reason when aborted.
   */
  async measure(signal: AbortSignal): Promise<DiskAccount> {
    const [allocatesLate] = await Promise.all([isLate(this.#root), untilAnswering(this.#touchedMounts())]);
    const result = await this.#reader.read(signal);
    this.#leftOut.begin();
    if (!result.ok) return await this.#walkAll(result.problem, signal);
    const slices = new Slices(signal);
    const { database } = result;
    const account = await this.#measureStore({ database, allocatesLate, nowMs: Date.now(), slices });
    this.#listings.forgetUnused();
    return account;
  }

  async #measureStore(measurement: Measurement): Promise<DiskAccount> {
    const { database, slices, nowMs } = measurement;
    if (!this.#isLoaded) {
      const lost = await this.#memory.load(database.layersFolder);
      if (lost !== undefined) this.#noteProblem('lost', lost);
      this.#isLoaded = true;
    }
    let folders: readonly MeasuredFolder[];
    try {
      folders = await this.#folders.measure(measurement);
    } finally {
      await this.#save();
    }
    const { tops, trees } = this.#listRoot(database);
    const paths = [...tops, ...database.restlessFolders];
    for (const [path, total] of await this.#trees.measure(paths, [], slices)) trees.set(path, total);
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
      leftOut: this.#leftOut.all,
    };
  }

  /** Mount points that are looked at on the main thread; those further down are left out of every tree. */
  #touchedMounts(): readonly string[] {
    return this.#mounts.points.filter((point) => {
      const levels = point.slice(this.#root.length).split('/').filter(Boolean);
      return levels.length <= 2 || levels[0] === 'image';
    });
  }

  /** What is below the root but in no folder with a measure of its own: paths to walk, and folders alone. */
  #listRoot(database: LayerDatabase): { tops: string[]; trees: Map<string, TreeTotal> } {
    const tops: string[] = [];
    const trees = new Map<string, TreeTotal>();
    const device = this.#folderAlone(this.#root, trees, undefined);
    const mounts = new Set(this.#mounts.points);
    const isHere = (path: string): boolean => !mounts.has(path) || look(path)?.dev === device;
    for (const name of this.#listings.namesIn(this.#root)) {
      const path = `${this.#root}/${name}`;
      if (database.metadataFolders.includes(path)) continue;
      if (path === database.layersFolder) this.#folderAlone(path, trees, device);
      else if (!toldApart.includes(name)) {
        if (isHere(path)) tops.push(path);
      } else if (this.#folderAlone(path, trees, device) !== undefined) {
        const entries = this.#listings.namesIn(path).map((entry) => `${path}/${entry}`);
        tops.push(...entries.filter(isHere));
      }
    }
    return { tops, trees };
  }

  /** Counts a folder without what is in it; undefined when it is gone or on another filesystem. */
  #folderAlone(path: string, trees: Map<string, TreeTotal>, device: number | undefined): number | undefined {
    const stats = look(path);
    if (stats === undefined && device === undefined) throw unreadablePath(path, 'ENOENT');
    if (stats === undefined || (device !== undefined && stats.dev !== device)) return undefined;
    trees.set(path, { device: stats.dev, bytes: stats.blocks * 512, inodes: 1, openLinks: [] });
    return stats.dev;
  }

  async #walkAll(problem: NoLayerDatabase, signal: AbortSignal): Promise<DiskAccount> {
    const takenAtMs = Date.now();
    const [total] = await walkTrees([this.#root], signal);
    if (total instanceof DiskError) throw total;
    if (total === undefined) throw new RangeError('a walk of one path has one result');
    if (total.leftOut !== undefined) this.#leftOut.add(total.leftOut);
    const walked = sumTrees([total]);
    // Snapshots of btrfs share what their files consist of: each is counted in full, the whole never beyond what is used.
    const used = await usedOf(this.#root);
    const bounded = smaller(walked, used);
    return {
      root: this.#root,
      takenAtMs,
      total: bounded,
      isExact: bounded.bytes === walked.bytes && total.leftOut === undefined,
      store: undefined,
      problem,
      leftOut: this.#leftOut.all,
    };
  }

  async #save(): Promise<void> {
    try {
      await this.#memory.save();
      this.#isUnsaved = false;
    } catch (error) {
      // A full disk must not keep the cleaner from measuring it.
      if (!this.#isUnsaved)
        this.#noteProblem('unwritten', error instanceof Error ? error.message : String(error));
      this.#isUnsaved = true;
    }
  }

  #noteProblem(kind: DiskProblem['kind'], message: string): void {
    if (this.#stateFile !== undefined) this.#stateProblems.push({ kind, path: this.#stateFile, message });
  }
}

/** The layers as the core's model has them: all that is freed with each, in the layers folder and elsewhere. */
export function layersOf(store: StoreAccount): ReadonlyMap<ChainId, Layer> {
  const layers = new Map<ChainId, Layer>();
  for (const folder of store.folders) {
    const { chainId, isExact } = folder;
    if (chainId === undefined) continue;
    const parentId = store.database.layers.get(chainId)?.parentId;
    layers.set(chainId, { id: chainId, parentId, ...amountOf(folder), exact: isExact });
  }
  return layers;
}

/** All that is freed with a folder, in it and elsewhere. */
export function amountOf({ files, rest, elsewhere }: MeasuredFolder): Amount {
  return sum([sumTrees([files]), rest, elsewhere]);
}
