/**
 * CRI-O's ways in front of a real containerd, by rules on the wire: IDs without `sha256:`, and what RemoveImage does to what
 * CRI-O lists like an image and does not delete. CRI-O itself is in no package here; its answers are recorded ones
 * (test/unit/engine/cri/cri-o/).
 */
import { fileURLToPath } from 'node:url';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { framed, type GrpcProxy, isCall } from '../../wire/grpc-proxy.ts';
import type { Rule, SeenRequest } from '../../wire/wire-rules.ts';
const proto = fileURLToPath(new URL('../../../src/engine/cri/api.proto', import.meta.url));

export interface ListedImage {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly size: number;
}

export interface CrioWays {
  /** Images that are listed beside those of containerd: artifacts, images of a read-only store. */
  readonly listed?: readonly ListedImage[];
  /** What RemoveImage is asked for that is answered with OK, without anything done. */
  readonly isIgnored?: (asked: string) => boolean;
}

const calls = loadSync(proto, { longs: String })['runtime.v1.ImageService'] as ServiceDefinition;

function codec<Answer extends object>(name: string) {
  const call = calls[name];
  if (call === undefined) throw new Error(`ImageService has no ${name}`);
  return {
    /** The image that a call is about. */
    asked: ({ message }: SeenRequest): string => {
      const request = call.requestDeserialize(message ?? Buffer.alloc(0)) as { image?: { image?: string } };
      return request.image?.image ?? '';
    },
    write: (answer: Answer): Buffer => call.responseSerialize(answer),
    change: (change: (answer: Answer) => Answer) => (body: Buffer) =>
      framed(call.responseSerialize(change(call.responseDeserialize(body.subarray(5)) as Answer))),
  };
}

const list = codec<{ images?: readonly ListedImage[] }>('ListImages');
const status = codec<{ image?: ListedImage | undefined }>('ImageStatus');
const remove = codec('RemoveImage');

/** What RemoveImage was asked for, in order. */
export function removals({ requests }: GrpcProxy): readonly string[] {
  return requests.filter(isCall('RemoveImage')).map(remove.asked);
}

function bare(image: ListedImage): ListedImage {
  return { ...image, id: image.id.replace(/^sha256:/, '') };
}

/**
 * Makes what is behind a proxy answer as CRI-O does. RemoveImage with a digest of a listed image removes it from the
 * list.
 */
export function answerAsCrio(proxy: GrpcProxy, { listed = [], isIgnored = () => false }: CrioWays): void {
  const present = new Map(listed.map((image) => [image.id, image]));
  const named = (asked: string): ListedImage | undefined =>
    [...present.values()].find(({ id, repoDigests }) => id === asked || repoDigests.includes(asked));
  const add = (rule: Rule): void => void proxy.addRule(rule);
  add({
    match: isCall('ListImages'),
    damage: list.change(({ images = [] }) => ({ images: [...images.map(bare), ...present.values()] })),
  });
  for (const image of listed)
    add({
      match: (request) => isCall('ImageStatus')(request) && named(status.asked(request))?.id === image.id,
      respond: { status: 0, body: status.write({ image }) },
    });
  add({
    match: isCall('ImageStatus'),
    damage: status.change(({ image, ...rest }) => ({ ...rest, image: image && bare(image) })),
  });
  const done = { status: 0, body: remove.write({}) };
  add({
    match: (request) => isCall('RemoveImage')(request) && isIgnored(remove.asked(request)),
    respond: done,
  });
  add({
    match: (request) => isCall('RemoveImage')(request) && named(remove.asked(request)) !== undefined,
    before: (request) => void present.delete(named(remove.asked(request))?.id ?? ''),
    respond: done,
  });
}
