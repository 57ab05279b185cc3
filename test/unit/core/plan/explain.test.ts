import { describe, expect, it } from 'vitest';
import { explainRemaining, type Remains } from '../../../../src/core/plan/explain.ts';
import { noProtections } from '../../../../src/core/eligible/rules.ts';
import type { SpaceByKind, SpaceKind } from '../../../../src/core/model/space-kinds.ts';
import { container, image, store, usage } from '../arbitraries.ts';

const protections = { ...noProtections, nowMs: 0 };

function remains(of: Partial<Remains>): string {
  return explainRemaining({
    ...{ store: store([]), usage: usage(50), scarce: 'bytes', protections, space: undefined },
    ...of,
  }).join('; ');
}

function space(parts: Partial<Record<SpaceKind, { bytes: number; inodes: number }>>): SpaceByKind {
  const nothing = { bytes: 0, inodes: 0 };
  const kinds = [
    'imagesInUse',
    'imagesUnused',
    'buildCache',
    'containerLayers',
    'containerLogs',
    'volumesInUse',
  ] as const;
  const others = [
    'volumesUnused',
    'leftovers',
    'beingWritten',
    'engine',
    'unknown',
    'notTheEngines',
    'reserved',
    'available',
  ] as const;
  const all = Object.fromEntries(
    [...kinds, ...others].map((kind) => [kind, nothing]),
  ) as SpaceByKind['parts'];
  return { path: '/', total: nothing, parts: { ...all, ...parts }, leftovers: [], unusedVolumes: [] };
}

describe('where the space is when a sweep could not help', () => {
  it('counts the images that are left, and those in use', () => {
    const images = [image('a', { sizeBytes: 5e6 }), image('b', { sizeBytes: 7e6 })];
    const text = remains({ store: { ...store(images), containers: [container('c', ['b'])] } });
    expect(text).toContain('1 image in use by containers: at most 7.00 MB');
    expect(text).toContain('1 unused image left: at most 5.00 MB');
  });

  it('gives no image more than is used in all, though images that share layers add up to more', () => {
    const images = [image('a', { sizeBytes: 4e8 }), image('b', { sizeBytes: 4e8 })];
    const text = remains({ store: { ...store(images), containers: [container('c', ['a', 'b'])] } });
    expect(text).toContain('500 MB are used in all; 2 images in use by containers: at most 500 MB');
  });

  it('says of a container whose image was deleted by force that it still holds its layers', () => {
    const text = remains({ store: { ...store([]), containers: [container('c', ['sha256:gone'])] } });
    expect(text).toContain('1 container of images that were deleted by force');
    expect(text).not.toContain('no image is in use');
  });

  it('names volumes and logs with their sizes, the largest first, and leaves out what is small', () => {
    const used = usage(50).bytes.total / 2;
    const text = remains({
      space: space({
        containerLogs: { bytes: used / 4, inodes: 1 },
        volumesUnused: { bytes: used / 2, inodes: 1 },
        buildCache: { bytes: used / 1000, inodes: 1 },
      }),
    });
    expect(text).toMatch(/in volumes that no container mounts; .* in logs of containers$/);
    expect(text).not.toContain('build cache');
  });

  it('names inodes where those are scarce', () => {
    const text = remains({
      scarce: 'inodes',
      usage: { ...usage(50), inodes: { total: 1000, available: 100 } },
      store: store([image('a', { sizeBytes: 5e6 })]),
      space: space({ volumesInUse: { bytes: 1, inodes: 800 } }),
    });
    expect(text).toBe(
      '900 inodes are used in all; no image is in use by a container; 1 unused image left; 800 inodes in volumes of containers',
    );
  });
});
