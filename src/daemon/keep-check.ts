/** Says once of each pattern of KEEP that no image matches: it may be misspelt, and then protects nothing. */
import { type KeepPattern, unmatched } from '../core/eligible/pattern.ts';
import type { Image } from '../core/model/store.ts';
import type { Reporter } from '../events/events.ts';

export class KeepCheck {
  readonly #patterns: readonly KeepPattern[];
  readonly #report: Reporter;
  #isDone = false;

  constructor(patterns: readonly KeepPattern[], report: Reporter) {
    this.#patterns = patterns;
    this.#report = report;
  }

  /** @param images all images of the engine; where there are none, nothing is said yet. */
  look(images: readonly Image[]): void {
    if (this.#isDone || images.length === 0) return;
    this.#isDone = true;
    for (const { text } of unmatched(images, this.#patterns)) {
      const message = `DOCKER_IMAGE_CLEANER_KEEP: the pattern ${text} matches no image here.`;
      this.#report({ event: 'config.warning', message });
    }
  }
}
