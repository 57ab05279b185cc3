/** Random stores for property tests: images with classic-builder parents, containers in any state. */
import fc from 'fast-check';
import type { Container, Image, ImageStore } from '../../../src/core/model/store.ts';
import type { Usage } from '../../../src/core/model/thresholds.ts';

export const STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const;

export function image(id: string, overrides: Partial<Image> = {}): Image {
  return {
    id,
    tags: [`${id}:latest`],
    digests: [],
    parentId: undefined,
    sizeBytes: 1_000_000,
    createdAtMs: 0,
    labels: {},
    layers: undefined,
    ...overrides,
  };
}

export function container(id: string, images: readonly string[], state: string = 'running'): Container {
  return { id, name: id, images, state, createdAtMs: 0, labels: {} };
}

export function store(images: readonly Image[], containers: readonly Container[] = []): ImageStore {
  return { images, containers, layers: new Map() };
}

/** A filesystem of 1,000 MB with the given share used; inodes likewise. */
export function usage(percentBytes: number, percentInodes = 0): Usage {
  return {
    path: '/store',
    bytes: { total: 1e9, available: 1e9 * (1 - percentBytes / 100) },
    inodes: { total: 1e6, available: 1e6 * (1 - percentInodes / 100) },
    allocated: undefined,
  };
}

/** Parents point to earlier images only, so there is no cycle; some images are untagged. */
export const arbitraryStore: fc.Arbitrary<ImageStore> = fc
  .array(
    fc.record({
      sizeBytes: fc.nat(5e8),
      names: fc.nat(2),
      digest: fc.boolean(),
      parent: fc.option(fc.nat(), { nil: undefined }),
      holder: fc.option(fc.constantFrom(...STATES), { nil: undefined }),
    }),
    { maxLength: 14 },
  )
  .map((specs) => {
    const images = specs.map((spec, index) =>
      image(`sha256:${index.toString(16).padStart(4, '0')}`, {
        tags: Array.from({ length: spec.names }, (_, tag) => `repository${index}:${tag}`),
        digests: spec.digest ? [`repository${index}@sha256:${index}`] : [],
        sizeBytes: spec.sizeBytes,
        parentId:
          spec.parent === undefined || index === 0
            ? undefined
            : `sha256:${(spec.parent % index).toString(16).padStart(4, '0')}`,
      }),
    );
    const containers = specs.flatMap((spec, index) => {
      const held = images[index];
      return spec.holder === undefined || held === undefined
        ? []
        : [container(`holder-${index}`, [held.id], spec.holder)];
    });
    return store(images, containers);
  });
