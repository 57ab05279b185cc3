/** Where the space is, after deletions that the account has not seen yet: a new account takes a walk, a sweep does not wait. */
import type { SpaceByKind, SpaceKind } from '../../../core/model/space-kinds.ts';
import type { Amount, Usage } from '../../../core/model/thresholds.ts';

/** What deletions free, in the order of subtraction. */
const deletable: readonly SpaceKind[] = ['imagesUnused', 'buildCache', 'containerLayers'];

/**
 * @param before the usage that belongs to the account. @param now the usage since; available space is taken from it.
 */
export function spaceSince(space: SpaceByKind, before: Usage, now: Usage): SpaceByKind {
  const gained: Amount = {
    bytes: now.bytes.available - before.bytes.available,
    inodes: (now.inodes?.available ?? 0) - (before.inodes?.available ?? 0),
  };
  const parts = { ...space.parts };
  const add = (kind: SpaceKind, bytes: number, inodes: number): void => {
    const part = parts[kind];
    parts[kind] = { bytes: part.bytes + bytes, inodes: part.inodes + inodes };
  };
  add('available', gained.bytes, gained.inodes);
  let [bytes, inodes] = [gained.bytes, gained.inodes];
  for (const kind of deletable) {
    const part = parts[kind];
    // What others wrote meanwhile (a loss) is not a deletion's.
    const off = { bytes: taken(bytes, part.bytes), inodes: taken(inodes, part.inodes) };
    add(kind, -off.bytes, -off.inodes);
    bytes -= off.bytes;
    inodes -= off.inodes;
  }
  add('notTheEngines', -bytes, -inodes);
  return { ...space, parts };
}

function taken(wanted: number, there: number): number {
  return Math.max(0, Math.min(wanted, there));
}
