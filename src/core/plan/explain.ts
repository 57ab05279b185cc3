/** Where the space is when deleting images could not help: sentences for the sweep's report. */
import { formatBytes, formatCount } from '../model/format.ts';
import { sortOut } from '../eligible/images.ts';
import { isProtectionCode, type Protections } from '../eligible/rules.ts';
import type { SpaceByKind, SpaceKind } from '../model/space-kinds.ts';
import { holders, type ImageStore } from '../model/store.ts';
import type { Amount, Resource, Usage } from '../model/thresholds.ts';

/** The facts when a sweep could not help. */
export interface Remains {
  readonly store: ImageStore;
  readonly usage: Usage;
  /** The resource that is fuller: what the sentences are about. */
  readonly scarce: Resource;
  readonly protections: Protections & { readonly nowMs: number };
  /** The space by kind; undefined where it is unknown. */
  readonly space: SpaceByKind | undefined;
}

/**
 * Says what holds the space that deleting images did not free. Image sizes are the engine's, shared layers counted
 * for each image, so they are upper bounds and called that.
 */
export function explainRemaining({ store, usage, scarce, protections, space }: Remains): readonly string[] {
  const { candidates, kept } = sortOut(store, undefined, protections);
  const inUse = kept.filter(({ code }) => code === 'in-use' || code === 'static-pod');
  const spared = kept.filter(({ code }) => isProtectionCode(code));
  const used = usedOf(usage, scarce);
  // The engine reports bytes of an image, not inodes.
  const atMost = (images: readonly { readonly sizeBytes: number }[]): string =>
    scarce === 'inodes' ? '' : `: at most ${formatBytes(Math.min(bytesOf(images), used))}`;
  const orphans = orphansIn(store);
  const lines = [`${format(used, scarce)} are used in all`];
  if (inUse.length > 0)
    lines.push(`${formatCount(inUse.length, 'image')} in use by containers${atMost(inUse)}`);
  else if (orphans === 0) lines.push('no image is in use by a container');
  if (orphans > 0)
    lines.push(
      `${formatCount(orphans, 'container')} of images that were deleted by force: they still hold their layers`,
    );
  if (spared.length > 0)
    lines.push(
      `${formatCount(spared.length, 'unused image')} protected by settings, label or the engine itself${atMost(spared)}`,
    );
  if (candidates.length > 0)
    lines.push(`${formatCount(candidates.length, 'unused image')} left${atMost(candidates)}`);
  if (space !== undefined) return [...lines, ...otherKinds(space, scarce, used)];
  const others = "build cache, container layers and logs, volumes, or files that are not the engine's";
  if (scarce === 'inodes') return [...lines, `the others are not images: ${others}`];
  const otherBytes = Math.max(0, used - bytesOf(inUse) - bytesOf(spared) - bytesOf(candidates));
  return [...lines, `at least ${formatBytes(otherBytes)} are not images: ${others}`];
}

function usedOf(usage: Usage, scarce: Resource): number {
  if (scarce === 'inodes')
    return usage.inodes === undefined ? 0 : usage.inodes.total - usage.inodes.available;
  return usage.allocated?.bytes ?? usage.bytes.total - usage.bytes.available;
}

function format(amount: number, scarce: Resource): string {
  return scarce === 'inodes' ? formatCount(amount, 'inode') : formatBytes(amount);
}

/** Containers of which no image is there any more. */
function orphansIn(store: ImageStore): number {
  const held = holders(store);
  const alive = new Set<string>();
  for (const { id } of store.images) for (const container of held.get(id) ?? []) alive.add(container.id);
  return store.containers.filter(({ id, images }) => images.length > 0 && !alive.has(id)).length;
}

/** Kinds of space that are no images, in words that follow their amount. */
const otherNames = {
  volumesInUse: 'in volumes of containers',
  volumesUnused: 'in volumes that no container mounts',
  containerLogs: 'in logs of containers',
  containerLayers: 'written by containers',
  buildCache: 'in the build cache',
  leftovers: 'in folders that nothing refers to',
  beingWritten: 'being pulled or built',
  unknown: 'below the path, of unknown kind',
  notTheEngines: 'not below the path',
} as const satisfies Partial<Record<SpaceKind, string>>;

/** What holds at least a hundredth of what is used, the largest first. */
function otherKinds({ parts }: SpaceByKind, scarce: Resource, used: number): readonly string[] {
  const kinds = Object.entries(otherNames).map(([kind, name]) => ({
    name,
    amount: parts[kind as keyof typeof otherNames][scarce],
  }));
  return kinds
    .filter(({ amount }) => amount >= used / 100)
    .sort((a, b) => b.amount - a.amount)
    .map(({ name, amount }) => `${format(amount, scarce)} ${name}`);
}

/** Of space that deletions should have freed and did not show. */
export function explainOutstanding({ bytes, inodes }: Amount): readonly string[] {
  const parts = [
    ...(bytes > 0 ? [formatBytes(bytes)] : []),
    ...(inodes > 0 ? [formatCount(inodes, 'inode')] : []),
  ];
  if (parts.length === 0) return [];
  return [
    `${parts.join(' and ')} of what was deleted had not been freed yet: it may still appear, or something holds it (a build cache, an open file, a lease)`,
  ];
}

function bytesOf(images: readonly { readonly sizeBytes: number }[]): number {
  return images.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}

/** Where the engine cannot even write that it deletes something. */
export const freeByHand =
  'the disk is so full that the engine cannot finish a deletion: free some 100 kB (or a few inodes) by hand, for instance by truncating a log; the next check then continues';
