/** Which image a name means at this point of the engine's events. */
import { type Image, type ImageId, references } from '../core/model/store.ts';

/** Short IDs and other ways to write a name, remembered until any name changes. */
const MAX_TYPED = 10_000;

export class NameIndex {
  readonly #idByName = new Map<string, ImageId>();
  readonly #namesById = new Map<ImageId, readonly string[]>();
  /** As somebody typed it and the engine understood it. */
  readonly #typed = new Map<string, ImageId>();

  /** Treats the list as complete. */
  reset(images: readonly Image[]): void {
    this.#idByName.clear();
    this.#namesById.clear();
    for (const image of images) this.put(image);
  }

  /** An image as it is now: its names mean it, and others do no longer. */
  put(image: Image): void {
    this.forget(image.id);
    const names = references(image);
    this.#namesById.set(image.id, names);
    for (const name of names) this.#idByName.set(name, image.id);
  }

  /** The image is gone. */
  forget(id: ImageId): void {
    for (const name of this.#namesById.get(id) ?? []) {
      if (this.#idByName.get(name) === id) this.#idByName.delete(name);
    }
    this.#namesById.delete(id);
    this.#typed.clear();
  }

  /** The engine resolved it. */
  learn(typed: string, id: ImageId): void {
    if (this.#typed.size >= MAX_TYPED) this.#typed.clear();
    this.#typed.set(typed, id);
  }

  /** @param typed an ID, or a name with or without its tag. Undefined: ask the engine. */
  find(typed: string): ImageId | undefined {
    if (this.#namesById.has(typed)) return typed;
    return this.#idByName.get(typed) ?? this.#idByName.get(`${typed}:latest`) ?? this.#typed.get(typed);
  }

  /** A name of the image, for people. */
  nameOf(id: ImageId): string | undefined {
    return this.#namesById.get(id)?.[0];
  }
}
