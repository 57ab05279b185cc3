import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ForeignImages } from '../../../../src/engine/docker/foreign-images.ts';
import { imageDetailsSchema, imageListSchema } from '../../../../src/engine/docker/schemas.ts';
import { imageFromSummary } from '../../../../src/engine/docker/translate.ts';

const id = `sha256:${'7'.repeat(64)}`;

/** As Docker Engine 29.7 lists an index of amd64 and arm64 of which only arm64 was pulled, on amd64. */
const listed = {
  Id: id,
  Created: 0,
  Labels: {},
  ParentId: '',
  RepoTags: ['keep:1'],
  RepoDigests: [`keep@${id}`],
  Size: 1889,
  Manifests: [
    { Kind: 'image', Available: false, ImageData: { Platform: { architecture: 'amd64', os: 'linux' } } },
    { Kind: 'attestation', Available: false },
    {
      Kind: 'image',
      Available: true,
      ImageData: { Platform: { architecture: 'arm64', os: 'linux', variant: 'v8' } },
    },
  ],
};
const details = {
  Id: id,
  Created: '2024-01-01T00:00:00Z',
  Config: { Labels: { 'docker-image-cleaner.keep': 'true' } },
  RootFS: { Layers: [] },
};

function summaries(...list: object[]) {
  return v.parse(imageListSchema, list) ?? [];
}

describe('an image of which only another platform is here', () => {
  it('gets the label and the date of that platform, asked for once', async () => {
    const asked: unknown[] = [];
    const questions = {
      manifests: () => Promise.resolve(summaries(listed)),
      inspect: (image: string, platform: object) => {
        asked.push([image, platform]);
        return Promise.resolve(v.parse(imageDetailsSchema, details));
      },
    };
    const foreign = new ForeignImages();
    const images = summaries(listed).map((each) => imageFromSummary(each));
    for (let round = 0; round < 2; round += 1) {
      const [image] = await foreign.complete(images, questions);
      expect(image?.labels).toEqual({ 'docker-image-cleaner.keep': 'true' });
      expect(image?.createdAtMs).toBe(Date.parse('2024-01-01T00:00:00Z'));
    }
    expect(asked).toEqual([[id, { architecture: 'arm64', os: 'linux', variant: 'v8' }]]);
  });

  it('costs nothing where each image has a date or a label', async () => {
    const images = summaries({ ...listed, Created: 1_704_067_200 }).map((each) => imageFromSummary(each));
    const never = (): Promise<never> => Promise.reject(new Error('asked'));
    expect(await new ForeignImages().complete(images, { manifests: never, inspect: never })).toEqual(images);
  });
});
