/**
 * Measures the folders of the layers folder: remembered where they cannot have changed, walked where they can.
 *
 * What cannot have changed:
 * - The files (`diff`) of a layer that the layer database lists: the engine lists it when it is complete.
 * - The files of any other folder (a stopped container, a build-cache snapshot) that stands on another and was not
 *   mounted when measured: it is written through a mount, a mount makes the folder `merged` in it, and that changes
 *   the folder's times. While a layer is being written, which happens without a mount, nothing new is believed.
 * Where another filesystem is mounted in a folder, it hides what the mount's folder takes: measured each time.
 * What goes: an engine that removes a folder removes its short name in `l/` first (overlay2 and overlay drivers).
 */
import type { TreeTotal } from '../walk/tree-total.ts';
import type { LayerDatabase } from '../stores/store.ts';
import type { Stats } from 'node:fs';
import type { Amount } from '../../core/model/thresholds.ts';
import type { ChainId } from '../../core/model/store.ts';
import { DiskError } from '../filesystem/error.ts';
import { isSettled, isUnchanged } from '../walk/folder-mark.ts';
import { linkOf, recordedElsewhere } from './layer-records.ts';
import type { FolderRecord, LayerMemory } from './layer-memory.ts';
import { type Listings, look } from '../walk/listings.ts';
import type { LeftOut } from '../walk/left-out.ts';
import type { MountTable } from '../walk/mount-points.ts';
import type { Slices } from '../walk/slices.ts';
import { LayerEstimates } from './layer-estimates.ts';
import { TreeMeasurer } from '../walk/trees.ts';
import { walkTrees } from '../walk/walk.ts';

/** One folder of the layers folder, measured. */
export interface MeasuredFolder {
  readonly name: string;
  /** The layer it holds, where the layer database lists one. */
  readonly chainId: ChainId | undefined;
  readonly files: TreeTotal;
  readonly rest: Amount;
  /** What the engine removes with it elsewhere; zero where not known. */
  readonly elsewhere: Amount;
  /** False: estimated. */
  readonly isExact: boolean;
}

export interface FoldersOptions {
  /** Estimate layers that were never measured instead of walking them. */
  readonly estimate: boolean;
  /** The filesystem decides late how many blocks a file takes (btrfs, zfs): young layers are measured once more. */
  readonly allocatesLate: boolean;
  readonly nowMs: number;
}

/** A folder that is to be walked. */
interface Unknown {
  readonly name: string;
  readonly path: string;
  readonly stats: Stats;
  readonly entries: readonly string[];
  readonly link: string | undefined;
  /** It is written through a mount, or a mount hides a folder of it. */
  readonly isMounted: boolean;
}

/** How long a filesystem may take to allocate a file's blocks. */
const lateMs = 120_000;
const nothing: Amount = { bytes: 0, inodes: 0 };

export class LayerFolders {
  readonly #memory: LayerMemory;
  readonly #listings: Listings;
  readonly #mounts: MountTable;
  readonly #rests: TreeMeasurer;
  readonly #files: TreeMeasurer;
  readonly #estimates = new LayerEstimates();
  readonly #leftOut: LeftOut;

  constructor(memory: LayerMemory, listings: Listings, mounts: MountTable, leftOut: LeftOut) {
    this.#leftOut = leftOut;
    this.#memory = memory;
    this.#listings = listings;
    this.#mounts = mounts;
    this.#rests = new TreeMeasurer(listings, mounts, leftOut);
    this.#files = new TreeMeasurer(listings, mounts, leftOut);
  }

  /**
   * Every folder in the layers folder, `l` left out. A folder that goes meanwhile may be left out as well.
   * @throws DiskError when something may not be read; the signal's reason when aborted. What was measured until then
   *   is remembered.
   */
  async measure(
    database: LayerDatabase,
    options: FoldersOptions,
    slices: Slices,
    signal: AbortSignal,
  ): Promise<readonly MeasuredFolder[]> {
    const names = this.#listings.namesIn(database.layersFolder).filter((name) => name !== 'l');
    const links = new Set(this.#listings.namesIn(`${database.layersFolder}/l`));
    this.#memory.keepOnly(new Set(names));
    const mounted = this.#mounted(database);
    const measured: MeasuredFolder[] = [];
    const unknown: Unknown[] = [];
    for (const name of names) {
      const path = `${database.layersFolder}/${name}`;
      const stats = look(path);
      if (stats === undefined) continue;
      const record = this.#memory.get(name);
      const chainId = database.byFolder.get(name)?.chainId;
      if (record !== undefined && !mounted.has(name) && isBelieved(record, stats, links, options)) {
        const { files, rest, elsewhere } = record;
        measured.push({ name, chainId, files, rest, elsewhere, isExact: true });
      } else if (stats.isDirectory()) {
        const entries = this.#listings.namesOf(path, stats);
        // Of a container that is mounted nothing is remembered.
        const isAsked = entries.includes('link') && (chainId !== undefined || !entries.includes('merged'));
        const link = isAsked ? linkOf(path) : undefined;
        // Podman leaves the mount's folder in every layer: there the mount table alone tells.
        const isMounted =
          mounted.has(name) ||
          (entries.includes('merged') && (database.layout === 'docker' || chainId === undefined));
        unknown.push({ name, path, stats, entries, link, isMounted });
      } else {
        const { bytes, inodes } = { bytes: stats.blocks * 512, inodes: 1 };
        const files = { device: stats.dev, bytes, inodes, openLinks: [] };
        measured.push({ name, chainId, files, rest: nothing, elsewhere: nothing, isExact: true });
      }
      if (slices.isOver) await slices.rest();
    }
    // Newest first: what was pulled last is what is asked about first.
    unknown.sort((a, b) => b.stats.ctimeMs - a.stats.ctimeMs);
    measured.push(...(await this.#measureUnknown(database, unknown, links, options, slices, signal)));
    return measured;
  }

  /** The folders in which something is mounted, as far as it is seen from here: it hides a folder of theirs. */
  #mounted(database: LayerDatabase): ReadonlySet<string> {
    const start = `${database.layersFolder}/`;
    const below = this.#mounts.points.filter((point) => point.startsWith(start));
    return new Set(below.map((point) => point.slice(start.length).split('/')[0] ?? ''));
  }

  async #measureUnknown(
    database: LayerDatabase,
    unknown: readonly Unknown[],
    links: ReadonlySet<string>,
    options: FoldersOptions,
    slices: Slices,
    signal: AbortSignal,
  ): Promise<readonly MeasuredFolder[]> {
    if (unknown.length === 0) return [];
    const exclude = unknown.map((folder) => `${folder.path}/diff`);
    const rests = await this.#rests.measure(
      unknown.map((folder) => folder.path),
      exclude,
      slices,
      signal,
    );
    const measured: MeasuredFolder[] = [];
    const layers: Unknown[] = [];
    const others: Unknown[] = [];
    for (const folder of unknown) {
      const rest = rests.get(folder.path);
      if (rest === undefined) continue;
      const layer = database.byFolder.get(folder.name);
      const known = this.#memory.get(folder.name);
      const isWhole = folder.link === undefined || links.has(folder.link);
      if (layer === undefined || !isWhole) others.push(folder);
      else if (known?.isLayer === true && !known.isProvisional && known.ino === folder.stats.ino) {
        // A layer whose surroundings changed: it got its first child, or is mounted. Its files are the same.
        measured.push(this.#keep(database, folder, known.files, rest, options));
      } else if (options.estimate) {
        const bytes = await this.#estimates.of(folder.name, layer, folder.stats, signal);
        const files = { device: folder.stats.dev, ...bytes, openLinks: [] };
        measured.push({ ...named(folder, layer.chainId), files, rest, elsewhere: nothing, isExact: false });
      } else layers.push(folder);
    }
    const restOf = (folder: Unknown): Amount => rests.get(folder.path) ?? nothing;
    measured.push(...(await this.#walkLayers(database, layers, restOf, options, signal)));
    const files = await this.#files.measure(
      others.map((folder) => `${folder.path}/diff`),
      [],
      slices,
      signal,
    );
    for (const folder of others) {
      const inside = files.get(`${folder.path}/diff`) ?? { device: -1, ...nothing, openLinks: [] };
      measured.push(this.#keep(database, folder, inside, restOf(folder), options));
    }
    return measured;
  }

  /** Layers that were never measured: many files, so straight to the helpers; each is kept as soon as it is known. */
  async #walkLayers(
    database: LayerDatabase,
    layers: readonly Unknown[],
    restOf: (folder: Unknown) => Amount,
    options: FoldersOptions,
    signal: AbortSignal,
  ): Promise<readonly MeasuredFolder[]> {
    const measured: MeasuredFolder[] = [];
    const total = await walkTrees(
      layers.map((folder) => `${folder.path}/diff`),
      signal,
      {
        onTree: (index, files) => {
          const folder = layers[index];
          if (folder === undefined || files instanceof DiskError || files.leftOut !== undefined) return;
          measured.push(this.#keep(database, folder, files, restOf(folder), options));
        },
      },
    );
    for (const [index, files] of total.entries()) {
      const folder = layers[index];
      const failure = files instanceof DiskError ? files : files.leftOut;
      if (failure === undefined || folder === undefined) continue;
      if (files === failure && failure.code === 'missing') continue;
      this.#leftOut.add(failure);
      // What the engine's records say of it is better than nothing.
      const layer = database.byFolder.get(folder.name);
      const bytes = { bytes: layer?.sizeBytes ?? 0, inodes: 0 };
      const guess = { device: folder.stats.dev, ...bytes, openLinks: [] };
      const found = files instanceof DiskError ? guess : files;
      const name = named(folder, layer?.chainId);
      measured.push({ ...name, files: found, rest: restOf(folder), elsewhere: nothing, isExact: false });
    }
    return measured;
  }

  /** Remembers a folder if it can be believed later. */
  #keep(
    database: LayerDatabase,
    folder: Unknown,
    files: TreeTotal,
    rest: Amount,
    options: FoldersOptions,
  ): MeasuredFolder {
    const { name, stats, entries, link, isMounted } = folder;
    const layer = database.byFolder.get(name);
    const after = isMounted ? undefined : look(folder.path);
    const isSteady = after !== undefined && isUnchanged(stats, after) && isSettled(stats, options.nowMs);
    const isQuiet =
      !isMounted && entries.includes('lower') && (entries.includes('committed') || !database.isWriting);
    const chainId = layer?.chainId;
    const elsewhere = layer === undefined ? nothing : recordedElsewhere(database, chainId, link);
    const measured = { ...named(folder, chainId), files, rest: amount(rest), elsewhere };
    if (layer !== undefined || (isQuiet && isSteady)) {
      const isProvisional = options.allocatesLate && stats.ctimeMs + lateMs > options.nowMs;
      // Where the surroundings may still change, the times are left out: they are read again, the files are not.
      const mark = isSteady ? stats : { ino: stats.ino, mtimeMs: 0, ctimeMs: 0 };
      const { ino, mtimeMs, ctimeMs } = mark;
      const isLayer = layer !== undefined;
      const kept = { files, rest: measured.rest, elsewhere, link, isLayer, isProvisional };
      this.#memory.set(name, { ino, mtimeMs, ctimeMs, ...kept });
    }
    return { ...measured, isExact: true };
  }
}

function isBelieved(
  record: FolderRecord,
  stats: Stats,
  links: ReadonlySet<string>,
  options: FoldersOptions,
): boolean {
  if (record.link !== undefined && !links.has(record.link)) return false;
  if (record.isProvisional && stats.ctimeMs + lateMs < options.nowMs) return false;
  return isUnchanged(record, stats);
}

function named(
  folder: Unknown,
  chainId: ChainId | undefined,
): { name: string; chainId: ChainId | undefined } {
  return { name: folder.name, chainId };
}

function amount({ bytes, inodes }: Amount): Amount {
  return { bytes, inodes };
}
