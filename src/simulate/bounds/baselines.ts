/** What others do, as they do it, mistakes included. */
import { amountToFree } from '../../core/model/thresholds.ts';
import type { ChooserMaker, Moment } from '../replay/chooser.ts';
import { bytesAt } from '../replay/figures.ts';

/** Images younger than this are not collected by kubelet (`imageMinimumGCAge`, default). */
const KUBELET_MINIMUM_AGE_MS = 120_000;

function unusedFirstTouched({ store }: Moment): number[] {
  return [...store.present()]
    .filter((image) => !store.isRunning(image))
    .sort((a, b) => (store.lastUsedMs[a] ?? 0) - (store.lastUsedMs[b] ?? 0) || a - b);
}

/** Deletes all unused images whenever usage is over HIGH. */
export const existingTool: ChooserMaker = {
  name: 'existing-tool',
  summary: 'baseline: deletes all unused images when usage is over HIGH',
  isReference: true,
  make: () => unusedFirstTouched,
};

/** Longest unused first; believes that an image frees its full size, so it stops early where layers are shared. */
export const kubelet: ChooserMaker = {
  name: 'kubelet',
  summary: 'baseline: longest unused first, not younger than 2 minutes, counting full image sizes as freed',
  isReference: true,
  make: () => {
    const firstSeenMs = new Map<number, number>();
    return (moment) => {
      const { store, nowMs } = moment;
      const present = new Set(store.present());
      for (const image of firstSeenMs.keys()) if (!present.has(image)) firstSeenMs.delete(image);
      for (const image of present)
        if (!firstSeenMs.has(image)) firstSeenMs.set(image, store.lastUsedMs[image] ?? nowMs);
      const victims: number[] = [];
      let toFree = amountToFree(moment.usage, moment.thresholds).bytes;
      for (const image of unusedFirstTouched(moment)) {
        if (toFree <= 0) break;
        if (nowMs - (firstSeenMs.get(image) ?? nowMs) < KUBELET_MINIMUM_AGE_MS) continue;
        victims.push(image);
        toFree -= store.trace.images[image]?.sizeBytes ?? 0;
      }
      return victims;
    };
  },
};

/** Longest unused first until the bytes of all images are below a fixed budget, which is HIGH here: it has no second line. */
export const docuum: ChooserMaker = {
  name: 'docuum',
  summary: 'baseline: longest unused first down to a fixed budget of bytes (HIGH)',
  isReference: true,
  make: () => (moment) => {
    const { store, usage, thresholds } = moment;
    const budget = bytesAt({ capacityBytes: usage.bytes.total, type: thresholds.type }, thresholds.high);
    const users = new Map<number, number>();
    for (const image of store.present())
      for (const layer of store.trace.chains[image] ?? []) users.set(layer, (users.get(layer) ?? 0) + 1);
    let used = store.usedBytes;
    const victims: number[] = [];
    for (const image of unusedFirstTouched(moment)) {
      if (used < budget) break;
      victims.push(image);
      for (const layer of store.trace.chains[image] ?? []) {
        const left = (users.get(layer) ?? 0) - 1;
        users.set(layer, left);
        if (left === 0) used -= store.trace.layers[layer]?.bytes ?? 0;
      }
    }
    return victims;
  },
};
