/**
 * What runtimes put in the `info` of verbose answers: JSON of their own, not part of the interface. Pure. If it is
 * missing or of another shape, it is ignored. Source: the real containerd 1.6, 1.7 and 2.1 of the tests, and recorded
 * answers of CRI-O 1.37.
 */
import * as v from 'valibot';
import { keepLabel } from '../../core/eligible/rules.ts';
import type { ChainId } from '../../core/model/store.ts';
import { chainIds } from '../../system/chain-id.ts';

type Info = Readonly<Record<string, string>>;

const text = v.nullish(v.string());

/** The OCI configuration of an image; both runtimes call it `imageSpec`. */
const imageInfoShape = v.object({
  imageSpec: v.nullish(
    v.object({
      created: text,
      config: v.nullish(v.object({ Labels: v.nullish(v.record(v.string(), v.string())) })),
      rootfs: v.nullish(v.object({ diff_ids: v.nullish(v.array(v.string())) })),
    }),
  ),
});

export interface ImageFacts {
  readonly createdAtMs: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly layers: readonly ChainId[] | undefined;
}

/** An image's configuration from `ImageStatus`; it never changes. */
export function imageFacts(info: Info): ImageFacts {
  const spec = read(imageInfoShape, info['info'])?.imageSpec;
  const createdMs = Date.parse(spec?.created ?? '');
  const diffIds = spec?.rootfs?.diff_ids;
  return {
    // The epoch is "not known": what reproducible builds write.
    createdAtMs: createdMs > 0 ? createdMs : undefined,
    labels: readLabels(spec?.config?.Labels),
    layers: diffIds ? chainIds(diffIds) : undefined,
  };
}

/** The one label that is read: what else is in an image's labels is its author's. */
function readLabels(labels: Readonly<Record<string, string>> | null | undefined): ImageFacts['labels'] {
  const value = labels?.[keepLabel];
  return value === undefined ? {} : { [keepLabel]: value };
}

const sandboxInfoShape = v.object({ image: text });

/** The image of a sandbox from `PodSandboxStatus`: a name as it was configured then. */
export function sandboxImageOf(info: Info): string | undefined {
  return read(sandboxInfoShape, info['info'])?.image ?? undefined;
}

const configShape = v.object({
  // containerd 1.x, CRI-O. containerd 2.x does not report it, but pins it.
  sandboxImage: text,
  containerdRootDir: text,
  containerd: v.nullish(v.object({ snapshotter: text })),
});

export interface RuntimeConfiguration {
  readonly sandboxImage: string | undefined;
  readonly rootDirectory: string | undefined;
  readonly snapshotter: string | undefined;
}

/** The runtime's configuration from `Status`. */
export function runtimeConfiguration(info: Info): RuntimeConfiguration {
  const config = read(configShape, info['config']);
  return {
    sandboxImage: config?.sandboxImage ?? undefined,
    rootDirectory: config?.containerdRootDir ?? undefined,
    snapshotter: config?.containerd?.snapshotter ?? undefined,
  };
}

function read<T>(shape: v.GenericSchema<unknown, T>, json: string | undefined): T | undefined {
  if (json === undefined) return undefined;
  try {
    const result = v.safeParse(shape, JSON.parse(json));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
