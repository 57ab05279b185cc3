/** A trace in memory: who was used when, compact enough for millions of uses. The file format is in docs/trace-format.md. */
import type { ChainId, Image, ImageId, Layer } from '../../core/model/store.ts';

/** One line of a trace file. */
export interface UseEvent {
  /** When the use began, epoch seconds. */
  readonly time: number;
  readonly event: 'use';
  /** The image's ID; anything that is the same for the same image. */
  readonly image: ImageId;
  /** `repository:tag`; the image's ID where left out. */
  readonly reference?: string;
  /** How long it held the image; 0 where left out. */
  readonly durationSeconds?: number;
  /** From the bottom up; only the first line of an image needs them. */
  readonly layers?: readonly TraceLayer[];
  /** True where the host built it, so that no registry has it. */
  readonly built?: boolean;
}

export interface TraceLayer {
  readonly id: ChainId;
  readonly bytes: number;
  readonly inodes?: number;
}

export interface Trace {
  readonly images: readonly Image[];
  readonly layers: readonly Layer[];
  /** By image: the numbers of its layers from the bottom up. */
  readonly chains: readonly Int32Array[];
  /** By use, in the order of time: when it began (epoch ms), of which image (its number), how long it held it (ms). */
  readonly startsMs: Float64Array;
  readonly imageOf: Int32Array;
  readonly holdsMs: Float64Array;
  /** The bytes of all layers, each counted once: what a disk that never needs cleaning would hold. */
  readonly distinctBytes: number;
}

/** An event that cannot be part of a trace, and why. */
export class TraceError extends Error {
  readonly code = 'TRACE_UNUSABLE';

  constructor(message: string) {
    super(message);
    this.name = 'TraceError';
  }
}

/** Collects events in any order and makes a trace of them. */
export class TraceBuilder {
  readonly #images: Image[] = [];
  readonly #chains: Int32Array[] = [];
  readonly #layers: Layer[] = [];
  readonly #imageIndex = new Map<ImageId, number>();
  readonly #layerIndex = new Map<ChainId, number>();
  readonly #starts = new Numbers();
  readonly #imageOf = new Numbers();
  readonly #holds = new Numbers();

  /** @throws TraceError when the image is new and its layers are missing, or differ from those given before. */
  add(event: UseEvent): void {
    const known = this.#imageIndex.get(event.image);
    if (known !== undefined && event.layers !== undefined) this.#checkLayers(known, event.layers);
    const image = known ?? this.#addImage(event);
    this.#starts.push(event.time * 1000);
    this.#imageOf.push(image);
    this.#holds.push(Math.max(0, event.durationSeconds ?? 0) * 1000);
  }

  build(): Trace {
    const starts = this.#starts.toArray();
    let isSorted = true;
    for (let at = 1; at < starts.length && isSorted; at++)
      isSorted = (starts[at] ?? 0) >= (starts[at - 1] ?? 0);
    const order = Uint32Array.from(starts.keys());
    // Events of the same time keep their order, so that the same file always gives the same result.
    if (!isSorted) order.sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0) || a - b);
    const sorted = (list: Float64Array): Float64Array => Float64Array.from(order, (at) => list[at] ?? 0);
    return {
      images: this.#images,
      layers: this.#layers,
      chains: this.#chains,
      startsMs: sorted(starts),
      imageOf: Int32Array.from(sorted(this.#imageOf.toArray())),
      holdsMs: sorted(this.#holds.toArray()),
      distinctBytes: this.#layers.reduce((sum, layer) => sum + layer.bytes, 0),
    };
  }

  #addImage(event: UseEvent): number {
    if (event.layers === undefined)
      throw new TraceError(`the first use of image ${event.image} does not name its layers`);
    const named = new Set<ChainId>();
    for (const { id } of event.layers) {
      if (named.has(id)) throw new TraceError(`image ${event.image} names layer ${id} twice`);
      named.add(id);
    }
    const chain = Int32Array.from(event.layers, (layer, at) =>
      this.#layerAt(layer, event.layers?.[at - 1]?.id),
    );
    const reference = event.reference ?? event.image;
    const index = this.#images.length;
    this.#images.push({
      id: event.image,
      tags: [reference],
      digests: event.built === true ? [] : [`${repositoryPart(reference)}@${event.image}`],
      parentId: undefined,
      sizeBytes: event.layers.reduce((sum, layer) => sum + layer.bytes, 0),
      createdAtMs: event.time * 1000,
      labels: {},
      layers: event.layers.map((layer) => layer.id),
    });
    this.#chains.push(chain);
    this.#imageIndex.set(event.image, index);
    return index;
  }

  /** An image's ID is one over its content, so its layers cannot change. Sizes may be measured again. */
  #checkLayers(image: number, layers: readonly TraceLayer[]): void {
    const first = this.#images[image]?.layers ?? [];
    if (layers.length === first.length && layers.every(({ id }, at) => id === first[at])) return;
    throw new TraceError(`image ${this.#images[image]?.id ?? ''} has other layers than on its first line`);
  }

  #layerAt(layer: TraceLayer, parentId: ChainId | undefined): number {
    const known = this.#layerIndex.get(layer.id);
    if (known !== undefined) {
      if (this.#layers[known]?.parentId !== parentId)
        throw new TraceError(`layer ${layer.id} stands on two different layers`);
      return known;
    }
    const { id, bytes, inodes = 0 } = layer;
    this.#layerIndex.set(id, this.#layers.length);
    return this.#layers.push({ id, parentId, bytes, inodes, exact: true }) - 1;
  }
}

function repositoryPart(reference: string): string {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/') ? reference.slice(0, colon) : reference;
}

/** A list of numbers that grows without boxing them. */
class Numbers {
  #list = new Float64Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#list.length) {
      const longer = new Float64Array(2 * this.#length);
      longer.set(this.#list);
      this.#list = longer;
    }
    this.#list[this.#length++] = value;
  }

  toArray(): Float64Array {
    return this.#list.slice(0, this.#length);
  }
}
