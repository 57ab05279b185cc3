/**
 * kubelet collects images too, on the same disk. What it is set to is read from the node's own `configz` (through the API
 * server's proxy to the node), and compared with our thresholds. Pure but for the types.
 */

/** A part of the core's Thresholds. */
export interface OurThresholds {
  readonly type: 'relative' | 'absolute' | 'free' | 'images';
  readonly high: number;
}

/** When kubelet itself deletes images; a part of its KubeletConfiguration (kubelet.config.k8s.io/v1beta1). */
export interface KubeletThresholds {
  /** Its garbage collection begins at this percentage of the images' filesystem; 100: never. */
  readonly collectionPercent: number | undefined;
  /** Beyond this percentage it deletes every unused image at once, before it evicts pods; undefined: no such limit. */
  readonly evictionPercent: number | undefined;
}

/** @param answer of `/configz`. Undefined when it is none. */
export function kubeletThresholds(answer: unknown): KubeletThresholds | undefined {
  const config = fieldOf(answer, 'kubeletconfig');
  if (config === undefined) return undefined;
  const high = fieldOf(config, 'imageGCHighThresholdPercent');
  const available = fieldOf(fieldOf(config, 'evictionHard'), 'imagefs.available');
  // A percentage, or an amount such as 10Gi, which says nothing without the disk's size.
  const percent = typeof available === 'string' ? /^(\d+(?:\.\d+)?)%$/.exec(available)?.[1] : undefined;
  return {
    collectionPercent: typeof high === 'number' ? high : undefined,
    evictionPercent: percent === undefined ? undefined : 100 - Number(percent),
  };
}

/** A sentence when kubelet would begin before us, or at the same usage; undefined when all is well. */
export function kubeletObjection(
  thresholds: OurThresholds,
  { collectionPercent, evictionPercent }: KubeletThresholds,
): string | undefined {
  // Bytes below a path cannot be compared with percent of a filesystem.
  if (thresholds.type !== 'relative') return undefined;
  const limits = [
    ['imageGCHighThresholdPercent', collectionPercent === 100 ? undefined : collectionPercent],
    ['evictionHard imagefs.available', evictionPercent],
  ] as const;
  for (const [name, percent] of limits) {
    if (percent === undefined || thresholds.high < percent) continue;
    return (
      `DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH=${thresholds.high} is not below the ${percent}% at which this node’s kubelet ` +
      `deletes images itself (${name}): kubelet would act first, in its own order and without a cordon. Set HIGH lower, or kubelet’s threshold higher.`
    );
  }
  return undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
