/**
 * How many bytes the protections can hold at most at each use, whatever a policy did before: what the lower bound needs.
 * A pattern can hold every image seen so far that it matches; a minimum age those that were used within it, because what
 * arrived was used; KEEP_LAST the biggest images of each repository.
 */
import { keptBy } from '../../core/eligible/pattern.ts';
import { repositoryOf } from '../../core/model/store.ts';
import type { Protections } from '../../core/eligible/rules.ts';
import type { Trace } from '../traces/trace.ts';

/** By use; undefined where nothing protects anything. */
export function protectedBytes(
  trace: Trace,
  { keep, minAgeSeconds, keepLast }: Protections,
): Float64Array | undefined {
  if (keep.length === 0 && minAgeSeconds <= 0 && keepLast <= 0) return undefined;
  const held = new Held(trace);
  const biggest = new Biggest(trace, keepLast);
  const seen = new Uint8Array(trace.images.length);
  const lastUse = new Int32Array(trace.images.length).fill(-1);
  const bytes = new Float64Array(trace.startsMs.length);
  let young = 0;
  for (let use = 0; use < trace.startsMs.length; use++) {
    const image = trace.imageOf[use] ?? 0;
    const self = trace.images[image];
    if (seen[image] === 0 && self !== undefined) {
      seen[image] = 1;
      biggest.add(image);
      if (keptBy(self, keep) !== undefined) held.add(image);
    }
    if (minAgeSeconds > 0) {
      if (lastUse[image] === -1) held.add(image);
      lastUse[image] = use;
      const since = (trace.startsMs[use] ?? 0) - minAgeSeconds * 1000;
      for (; (trace.startsMs[young] ?? 0) <= since; young++) {
        const old = trace.imageOf[young] ?? 0;
        if (lastUse[old] !== young) continue;
        lastUse[old] = -1;
        held.remove(old);
      }
    }
    bytes[use] = held.bytes + biggest.bytes;
  }
  return bytes;
}

/** The bytes of images together, each layer once. */
class Held {
  bytes = 0;
  readonly #trace: Trace;
  readonly #holds: Int32Array;

  constructor(trace: Trace) {
    this.#trace = trace;
    this.#holds = new Int32Array(trace.layers.length);
  }

  add(image: number): void {
    for (const layer of this.#trace.chains[image] ?? []) {
      const holds = this.#holds[layer] ?? 0;
      this.#holds[layer] = holds + 1;
      if (holds === 0) this.bytes += this.#trace.layers[layer]?.bytes ?? 0;
    }
  }

  remove(image: number): void {
    for (const layer of this.#trace.chains[image] ?? []) {
      const holds = (this.#holds[layer] ?? 0) - 1;
      this.#holds[layer] = holds;
      if (holds === 0) this.bytes -= this.#trace.layers[layer]?.bytes ?? 0;
    }
  }
}

/** The bytes of the biggest images of each repository, those seen so far. */
class Biggest {
  bytes = 0;
  readonly #trace: Trace;
  readonly #count: number;
  readonly #repositories = new Map<string, number[]>();

  constructor(trace: Trace, count: number) {
    this.#trace = trace;
    this.#count = count;
  }

  add(image: number): void {
    const self = this.#trace.images[image];
    if (self === undefined || this.#count <= 0) return;
    for (const repository of new Set([...self.tags, ...self.digests].map(repositoryOf))) {
      const sizes = this.#repositories.get(repository) ?? [];
      sizes.push(self.sizeBytes);
      this.bytes += self.sizeBytes;
      sizes.sort((a, b) => b - a);
      if (sizes.length > this.#count) this.bytes -= sizes.pop() ?? 0;
      this.#repositories.set(repository, sizes);
    }
  }
}
