/** Says once of each pattern that protects images by name that no image matches it: it may be misspelt, and then protects nothing. */
import { describePattern, type KeepPattern, unmatched } from '../core/eligible/pattern.ts';
import type { Protections } from '../core/eligible/rules.ts';
import type { Image } from '../core/model/store.ts';
import type { Reporter } from '../events/events.ts';

export class KeepCheck {
  readonly #protections: Pick<Protections, 'keep'>;
  readonly #report: Reporter;
  readonly #looked = new Set<string>();

  /** @param protections those in force, which may change. */
  constructor(protections: Pick<Protections, 'keep'>, report: Reporter) {
    this.#protections = protections;
    this.#report = report;
  }

  /** @param images all images of the engine; without any, nothing is reported yet. */
  look(images: readonly Image[]): void {
    if (images.length === 0) return;
    const isNew = (pattern: KeepPattern): boolean => !this.#looked.has(describePattern(pattern));
    const patterns = this.#protections.keep.filter(isNew);
    for (const pattern of patterns) this.#looked.add(describePattern(pattern));
    for (const { text, file } of unmatched(images, patterns)) {
      const message = `${file ?? 'DOCKER_IMAGE_CLEANER_KEEP'}: the pattern ${text} matches no image here.`;
      this.#report({ event: 'config.warning', message });
    }
  }
}
