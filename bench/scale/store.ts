/** A made-up store for benchmarks: many images on many layers, with bases that are shared as on a build host. */
import type { Image, ImageStore, Layer } from '../../src/core/model/store.ts';

/** A small generator of numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Images on layers; every tenth starts from nothing, the others from some layer of an earlier image, favouring low ones.
 * Sizes as on Docker Hub: half of the layers below 4 MB, a tail up to gigabytes.
 */
export function bigStore(imageCount: number, layerCount: number, seed: number): ImageStore {
  const random = randomNumbers(seed);
  // In one piece, as IDs that were read are: V8 keeps concatenated strings in pieces until they are read.
  const digest = (n: number, salt: string): string =>
    Buffer.from(`sha256:${salt}${n.toString(16).padStart(60, '0')}`).toString('latin1');
  const layers = new Map<string, Layer>();
  const images: Image[] = [];
  const perImage = layerCount / imageCount;
  let made = 0;
  for (let at = 0; at < imageCount; at++) {
    const from = at % 10 === 0 ? undefined : images[Math.floor(random() * images.length)];
    const below = from?.layers ?? [];
    const chain = below.slice(0, Math.max(1, Math.ceil(below.length * random())));
    const until = Math.round((at + 1) * perImage);
    for (; made < until; made++) {
      const id = digest(made, 'aaaa');
      const bytes = Math.floor(4e6 * Math.exp(2.5 * gaussian(random)));
      layers.set(id, {
        id,
        parentId: chain.at(-1),
        bytes,
        inodes: 1 + Math.floor(bytes / 86_000),
        exact: true,
      });
      chain.push(id);
    }
    const id = digest(at, 'bbbb');
    const sizeBytes = chain.reduce((sum, layer) => sum + (layers.get(layer)?.bytes ?? 0), 0);
    images.push({
      id,
      tags: random() < 0.1 ? [] : [`repository${at % 500}:${at}`],
      digests: [],
      parentId: undefined,
      sizeBytes,
      createdAtMs: at * 1000,
      labels: {},
      layers: chain,
    });
  }
  return { images, containers: [], layers };
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
