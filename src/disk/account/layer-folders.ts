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
import type { LayerDatabase, StoredLayer } from '../stores/store.ts';
import type { Stats } from 'node:fs';
import type { Amount } from '../../core/model/thresholds.ts';
import { nothing } from '../../core/model/amount.ts';
import type { ChainId } from '../../core/model/store.ts';
import { DiskError } from '../filesystem/error.ts';
import { isSettled, isUnchanged } from '../walk/folder-mark.ts';
import { linkOf, recordedElsewhere } from './layer-records.ts';
import type { FolderRecord, LayerMemory } from './layer-memory.ts';
import { type Listings, look } from '../walk/listings.ts';
import type { LeftOut } from '../walk/left-out.ts';
import type { MountTable } from '../walk/mount-points.ts';
import type { Slices } from '../walk/slices.ts';
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

/** What one measurement goes by. */
export interface Measurement {
  readonly database: LayerDatabase;
  /** The filesystem decides late how many blocks a file takes (btrfs, zfs): young layers are measured once more. */
  readonly allocatesLate: boolean;
  readonly nowMs: number;
  readonly slices: Slices;
}

/** A folder that is to be walked. */
interface Unknown {
  readonly name: string;
  readonly path: string;
  readonly stats: Stats;
  readonly entries: readonly string[];
  readonly layer: StoredLayer | undefined;
  readonly link: string | undefined;
  /** It is written through a mount, or a mount hides a folder of it. */
  readonly isMounted: boolean;
}

/** How long a filesystem may take to allocate a file's blocks. */
const lateMs = 120_000;

export class LayerFolders {
  readonly #memory: LayerMemory;
  readonly #listings: Listings;
  readonly #mounts: MountTable;
  readonly #rests: TreeMeasurer;
  readonly #files: TreeMeasurer;
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
  async measure(measurement: Measurement): Promise<readonly MeasuredFolder[]> {
    const { database, slices } = measurement;
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
      const layer = database.byFolder.get(name);
      const chainId = layer?.chainId;
      if (record !== undefined && !mounted.has(name) && isBelieved(record, stats, links, measurement)) {
        const { files, rest, elsewhere } = record;
        measured.push({ name, chainId, files, rest, elsewhere, isExact: true });
      } else if (stats.isDirectory()) {
        const entries = this.#listings.namesOf(path, stats);
        // Of a container that is mounted nothing is remembered.
        const isAsked = entries.includes('link') && (layer !== undefined || !entries.includes('merged'));
        const link = isAsked ? linkOf(path) : undefined;
        // Podman leaves the mount's folder in every layer: there the mount table alone tells.
        const isMounted =
          mounted.has(name) ||
          (entries.includes('merged') && (database.layout === 'docker' || layer === undefined));
        unknown.push({ name, path, stats, entries, layer, link, isMounted });
      } else {
        const files = { device: stats.dev, bytes: stats.blocks * 512, inodes: 1, openLinks: [] };
        measured.push({ name, chainId, files, rest: nothing, elsewhere: nothing, isExact: true });
      }
      if (slices.isOver) await slices.rest();
    }
    // Newest first: what was pulled last is what is asked about first.
    unknown.sort((a, b) => b.stats.ctimeMs - a.stats.ctimeMs);
    measured.push(...(await this.#measureUnknown(unknown, links, measurement)));
    return measured;
  }

  /** The folders in which something is mounted, as far as it is seen from here: it hides a folder of theirs. */
  #mounted(database: LayerDatabase): ReadonlySet<string> {
    const start = `${database.layersFolder}/`;
    const below = this.#mounts.points.filter((point) => point.startsWith(start));
    return new Set(below.map((point) => point.slice(start.length).split('/')[0] ?? ''));
  }

  async #measureUnknown(
    unknown: readonly Unknown[],
    links: ReadonlySet<string>,
    measurement: Measurement,
  ): Promise<readonly MeasuredFolder[]> {
    const { slices } = measurement;
    const paths = unknown.map(({ path }) => path);
    const rests = await this.#rests.measure(
      paths,
      paths.map((path) => `${path}/diff`),
      slices,
    );
    const measured: MeasuredFolder[] = [];
    const layers: Unknown[] = [];
    const others: Unknown[] = [];
    for (const folder of unknown) {
      const rest = rests.get(folder.path);
      if (rest === undefined) continue;
      const known = this.#memory.get(folder.name);
      const isWhole = folder.link === undefined || links.has(folder.link);
      if (folder.layer === undefined || !isWhole) others.push(folder);
      else if (known?.isLayer === true && !known.isProvisional && known.ino === folder.stats.ino) {
        // A layer whose surroundings changed: it got its first child, or is mounted. Its files are the same.
        measured.push(this.#keep(folder, known.files, rest, measurement));
      } else layers.push(folder);
    }
    const restOf = (folder: Unknown): Amount => rests.get(folder.path) ?? nothing;
    measured.push(...(await this.#walkLayers(layers, restOf, measurement)));
    const diffs = others.map(({ path }) => `${path}/diff`);
    const files = await this.#files.measure(diffs, [], slices);
    for (const folder of others) {
      const inside = files.get(`${folder.path}/diff`) ?? { device: -1, ...nothing, openLinks: [] };
      measured.push(this.#keep(folder, inside, restOf(folder), measurement));
    }
    return measured;
  }

  /** Layers that were never measured: many files, so straight to the helpers; each is kept as soon as it is known. */
  async #walkLayers(
    layers: readonly Unknown[],
    restOf: (folder: Unknown) => Amount,
    measurement: Measurement,
  ): Promise<readonly MeasuredFolder[]> {
    const measured: MeasuredFolder[] = [];
    const diffs = layers.map(({ path }) => `${path}/diff`);
    const total = await walkTrees(diffs, measurement.slices.signal, {
      onTree: (index, files) => {
        const folder = layers[index];
        if (folder === undefined || files instanceof DiskError || files.leftOut !== undefined) return;
        measured.push(this.#keep(folder, files, restOf(folder), measurement));
      },
    });
    for (const [index, files] of total.entries()) {
      const folder = layers[index];
      const failure = files instanceof DiskError ? files : files.leftOut;
      if (failure === undefined || folder === undefined) continue;
      if (files === failure && failure.code === 'missing') continue;
      this.#leftOut.add(failure);
      const { name, layer, stats } = folder;
      // What the engine's records say of it is better than nothing.
      const guess = { device: stats.dev, bytes: layer?.sizeBytes ?? 0, inodes: 0, openLinks: [] };
      const found = files instanceof DiskError ? guess : files;
      const rest = restOf(folder);
      measured.push({
        name,
        chainId: layer?.chainId,
        files: found,
        rest,
        elsewhere: nothing,
        isExact: false,
      });
    }
    return measured;
  }

  /** Remembers a folder if it can be believed later. */
  #keep(
    { name, path, stats, entries, layer, link, isMounted }: Unknown,
    files: TreeTotal,
    { bytes, inodes }: Amount,
    { database, allocatesLate, nowMs }: Measurement,
  ): MeasuredFolder {
    const rest = { bytes, inodes };
    const isLayer = layer !== undefined;
    const after = isMounted ? undefined : look(path);
    const isSteady = after !== undefined && isUnchanged(stats, after) && isSettled(stats, nowMs);
    const isQuiet =
      !isMounted && entries.includes('lower') && (entries.includes('committed') || !database.isWriting);
    const elsewhere = isLayer ? recordedElsewhere(database, layer.chainId, link) : nothing;
    if (isLayer || (isQuiet && isSteady)) {
      const isProvisional = allocatesLate && stats.ctimeMs + lateMs > nowMs;
      // Where the surroundings may still change, the times are left out: they are read again, the files are not.
      const { ino, mtimeMs, ctimeMs } = isSteady ? stats : { ino: stats.ino, mtimeMs: 0, ctimeMs: 0 };
      const mark = { ino, mtimeMs, ctimeMs };
      this.#memory.set(name, { ...mark, files, rest, elsewhere, link, isLayer, isProvisional });
    }
    return { name, chainId: layer?.chainId, files, rest, elsewhere, isExact: true };
  }
}

function isBelieved(
  record: FolderRecord,
  stats: Stats,
  links: ReadonlySet<string>,
  { nowMs }: Measurement,
): boolean {
  if (record.link !== undefined && !links.has(record.link)) return false;
  if (record.isProvisional && stats.ctimeMs + lateMs < nowMs) return false;
  return isUnchanged(record, stats);
}
