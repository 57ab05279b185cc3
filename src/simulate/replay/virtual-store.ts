/** An image store in memory: images on shared layers, containers that hold images, and how many bytes all that takes. */
import type { ChainId, Container, Image, ImageId, ImageStore, Layer } from '../../core/model/store.ts';
import type { Trace } from '../traces/trace.ts';

/** What getting an image took. */
export interface Fetched {
  readonly bytes: number;
  /** Of these, the bytes of layers that had been here before. */
  readonly againBytes: number;
}

const nothing: Fetched = { bytes: 0, againBytes: 0 };

export class VirtualStore {
  readonly trace: Trace;
  /** By image number: what is present, in the order of arrival. */
  readonly #present = new Map<number, Image>();
  readonly #layers = new Map<ChainId, Layer>();
  readonly #indexOf = new Map<ImageId, number>();
  readonly #containers = new Map<string, Container>();
  /** By layer: how many present images have it. */
  readonly #users: Int32Array;
  readonly #wasHere: Uint8Array;
  /** By image: the containers that use it now, and when one last did (epoch ms). */
  readonly #running: Int32Array;
  readonly lastUsedMs: Float64Array;
  usedBytes = 0;
  usedInodes = 0;

  constructor(trace: Trace) {
    this.trace = trace;
    this.#users = new Int32Array(trace.layers.length);
    this.#wasHere = new Uint8Array(trace.layers.length);
    this.#running = new Int32Array(trace.images.length);
    this.lastUsedMs = new Float64Array(trace.images.length);
  }

  has(image: number): boolean {
    return this.#present.has(image);
  }

  isRunning(image: number): boolean {
    return (this.#running[image] ?? 0) > 0;
  }

  /** The numbers of the images that are here. */
  present(): Iterable<number> {
    return this.#present.keys();
  }

  /** Brings an image here at a time, fetching the layers that are missing. */
  pull(image: number, atMs: number): Fetched {
    const self = this.trace.images[image];
    if (self === undefined || this.#present.has(image)) return nothing;
    this.#present.set(image, { ...self, appearedAtMs: atMs });
    this.#indexOf.set(self.id, image);
    let [bytes, againBytes] = [0, 0];
    for (const index of this.trace.chains[image] ?? []) {
      const users = this.#users[index] ?? 0;
      this.#users[index] = users + 1;
      const layer = this.trace.layers[index];
      if (users > 0 || layer === undefined) continue;
      this.#layers.set(layer.id, layer);
      this.usedBytes += layer.bytes;
      this.usedInodes += layer.inodes;
      bytes += layer.bytes;
      if (this.#wasHere[index] === 1) againBytes += layer.bytes;
      this.#wasHere[index] = 1;
    }
    return { bytes, againBytes };
  }

  /** @returns the bytes that this freed. @throws RangeError when a container uses it: no policy may want that. */
  remove(image: number): number {
    if (this.isRunning(image)) throw new RangeError(`image ${image} is in use`);
    if (!this.#present.delete(image)) return 0;
    let freed = 0;
    for (const index of this.trace.chains[image] ?? []) {
      const users = (this.#users[index] ?? 0) - 1;
      this.#users[index] = users;
      const layer = this.trace.layers[index];
      if (users > 0 || layer === undefined) continue;
      this.#layers.delete(layer.id);
      freed += layer.bytes;
      this.usedInodes -= layer.inodes;
    }
    this.usedBytes -= freed;
    return freed;
  }

  start(containerId: string, image: number, atMs: number): void {
    this.#running[image] = (this.#running[image] ?? 0) + 1;
    this.lastUsedMs[image] = atMs;
    const held = this.trace.images[image]?.id ?? '';
    this.#containers.set(containerId, {
      id: containerId,
      name: containerId,
      images: [held],
      state: 'running',
      createdAtMs: atMs,
      labels: {},
    });
  }

  stop(containerId: string, image: number, atMs: number): void {
    this.#running[image] = (this.#running[image] ?? 0) - 1;
    this.lastUsedMs[image] = atMs;
    this.#containers.delete(containerId);
  }

  /** The layers that are here. */
  get layers(): ReadonlyMap<ChainId, Layer> {
    return this.#layers;
  }

  /** Which containers hold an image, by its ID: what holders() of the snapshot finds out, known here already. */
  holders(): ReadonlyMap<ImageId, readonly Container[]> {
    const held = new Map<ImageId, Container[]>();
    for (const container of this.#containers.values()) {
      const [image = ''] = container.images;
      const others = held.get(image);
      if (others === undefined) held.set(image, [container]);
      else others.push(container);
    }
    return held;
  }

  /** What an engine would list now. */
  snapshot(): ImageStore {
    return {
      images: [...this.#present.values()],
      containers: [...this.#containers.values()],
      layers: this.#layers,
    };
  }

  /** The number of an image that is or was here, by its ID. */
  indexOf(id: ImageId): number {
    return this.#indexOf.get(id) ?? -1;
  }
}
