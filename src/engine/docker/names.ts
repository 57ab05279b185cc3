/** Names and IDs as the API's paths and queries take them. */
import { EngineError, type RemovalTarget } from '../engine.ts';

/** What a deletion calls the image. */
export function nameOf(target: RemovalTarget): string {
  return target.by === 'id' ? target.id : target.reference;
}

/**
 * A name as a part of the path, encoded as Docker's own client does: `/`, `:` and `@` are kept, as the filters of
 * socket proxies expect.
 * @throws EngineError where there is no name.
 */
export function pathOf(name: string): string {
  // An empty name would turn a question about one image into one about the collection.
  if (name === '') throw new EngineError('failed', 'an image without a name was asked for');
  return encodeURIComponent(name).replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%40', '@');
}

/**
 * The colon of a tag follows the last slash; one before it belongs to the registry's port.
 * @throws EngineError where the reference is not repository:tag.
 */
export function splitReference(reference: string): { repo: string; tag: string } {
  const colon = reference.indexOf(':', reference.lastIndexOf('/') + 1);
  if (colon < 0 || reference.includes('@')) {
    throw new EngineError('failed', `cannot give an image the name ${reference}: it is not repository:tag`);
  }
  return { repo: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
