/**
 * The disk under an engine as the sweep sees it: how full it is, and which layer takes how much. Keeps what makes
 * both cheap (the memory of layers that never change); one per process and path.
 */
import { smaller } from '../core/model/amount.ts';
import type { ChainId, ImageId, ImageStore, Layer } from '../core/model/store.ts';
import { formatBytes } from '../core/model/format.ts';
import type { Amount, Thresholds, Usage } from '../core/model/thresholds.ts';
import { type DiskAccount, DiskAccountant, type DiskProblem } from './account/account.ts';
import { appearedTimes } from './stores/image-arrival-times.ts';
import { readBuildSnapshots } from './stores/buildkit.ts';
import { checkDataRoot, type DataRootFinding, type EngineWhereabouts, isSnapshotter } from './data-root.ts';
import { ContainerdStoreReader } from './stores/containerd-store.ts';
import { DiskError } from './filesystem/error.ts';
import { factsOf, factsOfContainerd, type LayerFacts, noFacts, toldByEngine } from './layer-facts.ts';
import { spaceByKind, type SpaceByKind } from './account/space-by-kind.ts';
import { isLate, measureFilesystem, sharesCopies, usedOf } from './filesystem/filesystem.ts';
import { gaugedFolder } from './layers-place.ts';

export class ImageDisk {
  readonly path: string;
  readonly #type: Thresholds['type'];
  readonly #accountant: DiskAccountant;
  readonly #containerd: ContainerdStoreReader;
  /** Whose filesystem is gauged; found out when the store is read. */
  #gauged: string | undefined;
  /** The classic store below the path is not the engine's any more: it went over to its containerd store. */
  #isAbandoned = false;
  #known: ReadonlyMap<ChainId, Layer> = new Map();
  #countImages: ((signal: AbortSignal) => Promise<number>) | undefined;

  /** @param stateFile where measured layers are remembered over a restart; undefined: nowhere. */
  constructor(path: string, type: Thresholds['type'], stateFile?: string) {
    this.path = path;
    this.#type = type;
    this.#accountant = new DiskAccountant(path, stateFile);
    this.#containerd = new ContainerdStoreReader(path);
  }

  /**
   * The usage that is compared with the thresholds. Relative: one system call. Absolute: the account of what is below
   * the path, in which only what can change is walked. By images: what the engine says that they take.
   * @throws DiskError when the path is missing or unreadable; the signal's reason when aborted.
   */
  async usage(signal: AbortSignal): Promise<Usage> {
    if (this.#type === 'images') {
      if (this.#countImages === undefined) throw new RangeError('nobody counts the images');
      const allocated = { bytes: await this.#countImages(signal), inodes: 0 };
      return { ...(await this.gauges(signal)), allocated };
    }
    const counted = this.#type === 'absolute' ? (await this.account(signal)).total : undefined;
    const gauges = await this.gauges(signal);
    return { ...gauges, allocated: counted && (await this.#believed(counted)) };
  }

  /** For thresholds by images: who counts them. @param count @throws EngineError */
  countImagesBy(count: (signal: AbortSignal) => Promise<number>): void {
    this.#countImages = count;
  }

  /**
   * The filesystem's own figures, in all modes: one system call, and nothing about what is below the path.
   * @throws DiskError as usage().
   */
  async gauges(signal: AbortSignal): Promise<Usage> {
    this.#gauged ??= await this.#findGauged(signal);
    return { path: this.#gauged, ...(await measureFilesystem(this.#gauged, signal)), allocated: undefined };
  }

  /**
   * No more than the filesystem has in use. Copies that share their blocks are counted more than once; elsewhere such a
   * count is wrong, and nothing is deleted by it.
   * @throws DiskError `failed` where the count cannot be true.
   */
  async #believed(counted: Amount): Promise<Amount> {
    // Two filesystems below the path: neither one's number is a bound.
    if (this.gaugedPath !== this.path) return counted;
    const used = await usedOf(this.path);
    const excess = counted.bytes - used.bytes;
    // While it was counted, files came and went.
    if (excess > 0.05 * used.bytes + 64e6 && !(await sharesCopies(this.path)))
      throw new DiskError(
        'failed',
        this.path,
        `${this.path} was counted as ${formatBytes(counted.bytes)}, and its filesystem has ${formatBytes(used.bytes)} in use: ` +
          'that is impossible, so nothing is deleted because of it.',
      );
    return smaller(counted, used);
  }

  /** The folder whose filesystem is gauged: the path, or that of the layers where a disk of their own is mounted below it. */
  get gaugedPath(): string {
    return this.#gauged ?? this.path;
  }

  async #findGauged(signal: AbortSignal): Promise<string> {
    const result = await this.#accountant.readStore(signal);
    return await gaugedFolder(this.path, result.ok ? result.database.layersFolder : undefined);
  }

  /**
   * Whether deleted files' space is free some time after they are gone (btrfs: at its next commits, up to a minute).
   * @throws DiskError when the path is missing or unreadable; the signal's reason when aborted.
   */
  async freesLate(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    return await isLate(this.path);
  }

  /**
   * Whether copies of files may take no room of their own.
   * @throws DiskError when the path is missing or unreadable; the signal's reason when aborted.
   */
  async sharesCopies(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    return await sharesCopies(this.path);
  }

  /**
   * What is below the path, by folder. The first time it walks every layer once, afterwards only what is new.
   * @throws DiskError when the path is missing or something in it may not be read; the signal's reason when aborted.
   */
  async account(signal: AbortSignal): Promise<DiskAccount> {
    return await this.#accountant.measure(signal);
  }

  /** What went wrong with the file of measured layers, or in single trees, since this was asked last. */
  takeProblems(): readonly DiskProblem[] {
    return this.#accountant.takeProblems();
  }

  /**
   * When each image arrived, in epoch ms; unknown ones are left out.
   * @param images the IDs of the engine's images.
   * @throws the signal's reason when aborted.
   */
  async appeared(images: readonly ImageId[], signal: AbortSignal): Promise<ReadonlyMap<ImageId, number>> {
    const named = await this.#containerd.appeared(images, signal);
    return named.size > 0 ? named : await appearedTimes(this.path, signal);
  }

  /**
   * Where the space of the gauged filesystem is, by kind.
   * @param store what the engine holds now, as withLayers() returns it.
   * @throws DiskError when something may not be read; the signal's reason when aborted.
   */
  async space(store: ImageStore, signal: AbortSignal): Promise<SpaceByKind> {
    const where = { gauged: this.gaugedPath, isAbandoned: this.#isAbandoned };
    return await spaceByKind(await this.account(signal), store, signal, where);
  }

  /**
   * What speaks against this being the disk under an engine; undefined when nothing does.
   * @param images the IDs of the engine's images.
   * @throws the signal's reason when aborted.
   */
  async checkPlace(
    engine: EngineWhereabouts,
    images: readonly ImageId[],
    signal: AbortSignal,
  ): Promise<DataRootFinding | undefined> {
    const store = await this.#accountant.readStore(signal);
    this.#isAbandoned = store.ok && store.database.layout === 'docker' && isSnapshotter(engine.storageDriver);
    this.#gauged = await gaugedFolder(this.path, store.ok ? store.database.layersFolder : undefined);
    return await checkDataRoot(this.path, engine, images, store, this.#gauged);
  }

  /**
   * The layers as they lie on the disk. Where they may not be read (root without CAP_DAC_READ_SEARCH), nothing,
   * and `source` says so: a sweep can go on with the engine's sizes.
   * @param images the IDs of the engine's images.
   * @throws the signal's reason when aborted.
   */
  async layers(images: readonly ImageId[], signal: AbortSignal): Promise<LayerFacts> {
    // What is counted by the engine is predicted by the engine's figures.
    const facts =
      this.#type === 'images'
        ? toldByEngine('the thresholds are about what the engine counts')
        : await this.#factsNow(images, signal);
    this.#known = facts.layers;
    return facts;
  }

  /** The layers as they were when layers() was last asked: at once, without reading the disk. */
  knownLayers(): ReadonlyMap<ChainId, Layer> {
    return this.#known;
  }

  async #factsNow(images: readonly ImageId[], signal: AbortSignal): Promise<LayerFacts> {
    const containerd = await this.#containerd.read(images, signal);
    if (containerd.ok || containerd.reason === 'unreadable') return factsOfContainerd(containerd);
    const otherwise = containerd.reason === 'other' ? containerd.message : undefined;
    try {
      // The build cache first: what it lets go of in between then still counts as held.
      const builds = await readBuildSnapshots(this.path, signal);
      return factsOf(await this.#accountant.measure(signal), builds);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return noFacts(otherwise ?? error.message);
    }
  }
}
