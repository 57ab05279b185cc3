/** A store in a few figures: images by state, and what is reclaimable. */
import type { Forest } from '../forest/forest.ts';
import type { Plan } from './plan.ts';
import { type Kept, mayGo } from '../eligible/images.ts';
import { type Freed, freedBy } from '../forest/reclaim.ts';
import type { ImageId, ImageStore } from '../model/store.ts';

/** `in-use`: a container holds it. `protected`: unused, and kept. `unused`: deletable. */
export type ImageState = 'in-use' | 'protected' | 'unused';

export interface StoreSummary {
  /** `bytes`: on the disk; a shared layer counts once, for its strongest holder. */
  readonly images: Readonly<Record<ImageState, { readonly count: number; readonly bytes: number }>>;
  /** What deleting everything deletable would free. */
  readonly reclaimable: Freed;
}

/** From weak to strong. */
const states = ['unused', 'protected', 'in-use'] as const satisfies readonly ImageState[];

export function summarise(plan: Plan): StoreSummary {
  const { store, forest } = plan.eligibility;
  const stateOf = new Map<ImageId, ImageState>(plan.kept.map((kept) => [kept.id, stateOfKept(kept)]));
  const going = [...plan.victims, ...plan.kept.filter(({ code }) => mayGo.has(code))].map(({ id }) => id);
  const images = {
    'in-use': { count: 0, bytes: 0 },
    protected: { count: 0, bytes: 0 },
    unused: { count: 0, bytes: 0 },
  };
  for (const { id } of store.images) images[stateOf.get(id) ?? 'unused'].count += 1;
  strongestHolders(forest, store, stateOf).forEach((rank, layer) => {
    const state = states[rank - 1];
    if (state !== undefined) images[state].bytes += forest.bytes[layer] ?? 0;
  });
  return {
    images,
    reclaimable: freedBy(
      forest,
      going.filter((id) => forest.unitIndex.has(id)),
    ),
  };
}

/** The state of a kept image. A build step is deleted with the image built on it, so nothing protects it. */
function stateOfKept({ code }: Pick<Kept, 'code'>): ImageState {
  if (code === 'in-use') return 'in-use';
  return mayGo.has(code) || code === 'intermediate' ? 'unused' : 'protected';
}

/** By layer: the strongest state of the images built on it, from 1; 0 where no image does. */
function strongestHolders(
  forest: Forest,
  store: ImageStore,
  stateOf: ReadonlyMap<ImageId, ImageState>,
): Uint8Array {
  const strongest = new Uint8Array(forest.parent.length);
  for (const { id } of store.images) {
    const rank = states.indexOf(stateOf.get(id) ?? 'unused') + 1;
    let layer = forest.top[forest.unitIndex.get(id) ?? -1] ?? -1;
    // Where a chain is marked this strongly already, all below it is too.
    while (layer >= 0 && (strongest[layer] ?? 0) < rank) {
      strongest[layer] = rank;
      layer = forest.parent[layer] ?? -1;
    }
  }
  return strongest;
}
