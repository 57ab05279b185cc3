/** What the tests of CRI runtimes share: the real executable, pointed at a containerd. */
import { type Cli, runCli } from '../../../harness/program/cli.ts';
import { type Containerd, importImages, listCriImages } from '../../../harness/engine/containerd.ts';
import type { ImageSpec, LayerSpec } from '../../../harness/engine/images.ts';
import { type CleanerOptions } from '../scenario.ts';

/** The real executable with a JSON log, without delay between deletions. `dockerHost` has no meaning here. */
export function criCleaner(
  containerd: Pick<Containerd, 'endpoint' | 'dataRoot'>,
  args: readonly string[],
  options: CleanerOptions & { readonly uid?: number } = {},
): Cli {
  const settings: Record<string, string> = {
    RUNTIME_ENDPOINT: containerd.endpoint,
    PATH_TO_CHECK: containerd.dataRoot,
    DELAY_SECONDS: '0',
    MIN_AGE_SECONDS: '0',
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'debug',
    ...(options.high === undefined ? {} : { THRESHOLD_HIGH: String(options.high) }),
    ...(options.low === undefined ? {} : { THRESHOLD_LOW: String(options.low) }),
    ...options.settings,
  };
  const env = Object.entries(settings).map(([name, value]) => [`DOCKER_IMAGE_CLEANER_${name}`, value]);
  return runCli(args, {
    env: { ...(Object.fromEntries(env) as Record<string, string>), ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid }),
  });
}

/** Imports images, one archive each; returns their IDs by the name before the colon of their first tag. */
export async function importEach(
  containerd: Containerd,
  spec: { layers: Record<string, LayerSpec>; images: ImageSpec[] },
): Promise<Readonly<Record<string, string>>> {
  const ids: Record<string, string> = {};
  for (const image of spec.images) {
    const layers = Object.fromEntries(image.layers.map((name) => [name, spec.layers[name] ?? { bytes: 0 }]));
    const [id] = await importImages(containerd, { layers, images: [image] });
    ids[(image.tags?.[0] ?? '').split(':')[0] ?? ''] = id ?? '';
  }
  return ids;
}

/** First tags without Docker Hub's prefix, sorted; the sandbox image left out. */
export async function criTags(containerd: Containerd): Promise<readonly string[]> {
  const images = await listCriImages(containerd);
  return images
    .flatMap(({ repo_tags: tags }) => tags.map((tag) => tag.replace(/^docker\.io\/(library\/)?/, '')))
    .filter((tag) => !tag.startsWith('registry.k8s.io/pause'))
    .sort();
}

/** What the log says was deleted, in order, without Docker Hub's prefix. */
export function deletedTags(cli: Cli): readonly string[] {
  return cli.records
    .filter(({ event }) => event === 'image.deleted')
    .map((record) => String((record['references'] as string[])[0]).replace('docker.io/library/', ''));
}

export interface PlanJson {
  readonly victims: readonly { readonly references: readonly string[]; readonly predictedBytes: number }[];
  readonly kept: readonly {
    readonly references: readonly string[];
    readonly code: string;
    readonly reason: string;
  }[];
}

/** What `plan` keeps: the code by the first tag. */
export function keptCodes(plan: PlanJson): Readonly<Record<string, string>> {
  return Object.fromEntries(
    plan.kept.map(({ references, code }) => [(references[0] ?? '').replace('docker.io/library/', ''), code]),
  );
}
