/** What the families of generated traces share: layers, images, uses, the hours of a day. */
import type { TraceLayer, UseEvent } from '../traces/trace.ts';
import type { Random } from './random.ts';

export const DAY = 86_400;
export const HOUR = 3600;
/** Every generated trace begins here, a Monday at midnight UTC. */
export const START = 1_767_571_200;

const MB = 1e6;
/** The median image of Docker Hub has 94 MB in 1,090 files (Zhao et al., CLUSTER 2019). */
const BYTES_PER_FILE = 86_000;

export interface MadeImage {
  readonly id: string;
  readonly reference: string;
  readonly layers: readonly TraceLayer[];
}

export class Maker {
  readonly random: Random;
  readonly events: UseEvent[] = [];
  #made = 0;
  readonly #chains = new Map<string, string>();

  constructor(random: Random) {
    this.random = random;
  }

  layer(bytes: number): TraceLayer {
    const whole = Math.max(1000, Math.round(bytes));
    return { id: `layer-${this.#made++}`, bytes: whole, inodes: 1 + Math.round(whole / BYTES_PER_FILE) };
  }

  /** Log-normal layers; the spread is that of Docker Hub's images (median 94 MB, nine in ten below 1.3 GB) or less. */
  layers(count: number, medianMegabytes: number, sigma: number): TraceLayer[] {
    return Array.from({ length: count }, () =>
      this.layer(Math.min(8000, this.random.logNormal(medianMegabytes, sigma)) * MB),
    );
  }

  /** The same content on another base is another layer, as it is in an engine's store. */
  image(reference: string, contents: readonly TraceLayer[]): MadeImage {
    let below = '';
    const layers = contents.map((content): TraceLayer => {
      const key = `${below}/${content.id}`;
      const id = this.#chains.get(key) ?? `chain-${this.#chains.size}`;
      this.#chains.set(key, id);
      below = id;
      return { ...content, id };
    });
    return { id: `image-${this.#made++}`, reference, layers };
  }

  use(image: MadeImage, time: number, durationSeconds: number): void {
    this.events.push({
      time: Math.round(time),
      event: 'use',
      image: image.id,
      reference: image.reference,
      durationSeconds: Math.round(durationSeconds),
      layers: image.layers,
    });
  }

  /** In the order of time. */
  sorted(): UseEvent[] {
    return this.events.sort((a, b) => a.time - b.time);
  }
}

/** How busy an hour is against the mean: working days, and afternoons more than nights. */
export function busyness(time: number, nights: number, weekends: number): number {
  const hour = (time % DAY) / HOUR;
  const day = Math.floor((time - START) / DAY) % 7;
  const ofDay = nights + (1 - nights) * Math.max(0, Math.sin(((hour - 7) / 14) * Math.PI)) * 2;
  return ofDay * (day >= 5 ? weekends : 1);
}
