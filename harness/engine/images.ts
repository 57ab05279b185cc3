/**
 * Real images without a registry: archives for `POST /images/load`, of any forest of shared layers, made from a
 * description. The same description always makes the same bytes, so the same layers and the same image IDs.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { ApiEngine } from './api-engine.ts';
import { commandPath } from '../machine/packages.ts';
import { file, tar, type TarEntry } from '../machine/tar.ts';

export interface LayerSpec {
  /** Content in all files together. */
  readonly bytes: number;
  /** How many files to spread it over; default 1. Many files and few bytes use up inodes. */
  readonly files?: number;
  /** Layers of different seeds differ even under the same name; default 0. */
  readonly seed?: number;
  /** Whose the files are; default root's. Their folder is then closed to others. */
  readonly owner?: number;
  /** Puts a static shell in (busybox with sh, sleep, true, cat, touch), so that containers run. About 2 MB more. */
  readonly shell?: boolean;
}

export interface ImageSpec {
  /** `repository:tag` names; none or an empty list: untagged. */
  readonly tags?: readonly string[];
  /** Names of layers, from the bottom up. */
  readonly layers: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Default: this machine's. */
  readonly architecture?: string;
  /** ISO 8601; default 2024-01-01T00:00:00Z. */
  readonly created?: string;
  /** Default `/bin/sleep 1000000`. */
  readonly command?: readonly string[];
}

export interface StoreSpec {
  readonly layers: Readonly<Record<string, LayerSpec>>;
  readonly images: readonly ImageSpec[];
}

export interface ArchiveOptions {
  /**
   * Layers that the engine has already: named in the archive, their content left out. The classic image store takes them
   * from its own. An engine unpacks the whole archive onto its disk before it loads it, so this also saves room.
   */
  readonly presentLayers?: ReadonlySet<string>;
}

export interface ImageArchive {
  /** Image IDs in the order of `spec.images` (ID of the classic store: the digest of the configuration). */
  readonly ids: readonly string[];
  /** Diff IDs by layer name. */
  readonly diffIds: ReadonlyMap<string, string>;
  readonly entries: readonly TarEntry[];
}

/** Bytes that do not compress and do not repeat within 1 MiB; xorshift (Marsaglia 2003), always the same. */
const noise = ((): Buffer => {
  const words = new Uint32Array(1 << 18);
  let state = 2463534242;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer);
})();

function* fileContent(label: string, bytes: number): Generator<Buffer> {
  const start = Buffer.from(label).subarray(0, bytes);
  yield start;
  let left = bytes - start.length;
  while (left > 0) {
    const chunk = noise.subarray(0, Math.min(left, noise.length));
    yield chunk;
    left -= chunk.length;
  }
}

function* layerEntries(name: string, spec: LayerSpec): Generator<TarEntry> {
  if (spec.shell === true) {
    yield { name: 'bin', type: 'directory', mode: 0o755 };
    yield file('bin/busybox', readFileSync(commandPath('busybox')), 0o755);
    for (const applet of ['sh', 'sleep', 'true', 'cat', 'touch'])
      yield { name: `bin/${applet}`, type: 'symlink', linkTarget: 'busybox', mode: 0o777 };
  }
  const files = spec.files ?? 1;
  const seed = spec.seed ?? 0;
  const owned = spec.owner === undefined ? {} : { owner: spec.owner };
  if (spec.owner !== undefined)
    yield { name: `data/${name}-${seed}`, type: 'directory', mode: 0o700, owner: spec.owner };
  for (let i = 0; i < files; i++) {
    const size = Math.floor(spec.bytes / files) + (i === 0 ? spec.bytes % files : 0);
    // Folders of fifty, as real trees have folders too.
    const path = `data/${name}-${seed}/${Math.floor(i / 50)}/${i}`;
    yield { name: path, ...owned, size, content: fileContent(`${path}\n`, size) };
  }
}

function describeLayer(name: string, spec: LayerSpec): { digest: string; size: number } {
  const hash = createHash('sha256');
  let size = 0;
  for (const chunk of tar(layerEntries(name, spec))) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { digest: hash.digest('hex'), size };
}

function configuration(image: ImageSpec, diffIds: ReadonlyMap<string, string>): string {
  const created = image.created ?? '2024-01-01T00:00:00Z';
  return JSON.stringify({
    architecture: image.architecture ?? (process.arch === 'arm64' ? 'arm64' : 'amd64'),
    os: 'linux',
    created,
    config: {
      Cmd: image.command ?? ['/bin/sleep', '1000000'],
      Env: ['PATH=/bin'],
      Labels: image.labels ?? {},
    },
    rootfs: { type: 'layers', diff_ids: image.layers.map((name) => diffIds.get(name)) },
    history: image.layers.map((name) => ({ created, created_by: name })),
  });
}

/** Makes an archive. @throws RangeError when an image names an unknown layer. */
export function imageArchive(spec: StoreSpec, options: ArchiveOptions = {}): ImageArchive {
  const diffIds = new Map<string, string>();
  const entries: TarEntry[] = [];
  for (const [name, layer] of Object.entries(spec.layers)) {
    const { digest, size } = describeLayer(name, layer);
    diffIds.set(name, `sha256:${digest}`);
    if (options.presentLayers?.has(name) === true) continue;
    const content = { [Symbol.iterator]: () => tar(layerEntries(name, layer)) };
    entries.push({ name: `${digest}/layer.tar`, size, content });
  }
  const pathOf = (name: string): string => {
    const diffId = diffIds.get(name);
    if (diffId === undefined) throw new RangeError(`No layer is called ${name}.`);
    return `${diffId.slice('sha256:'.length)}/layer.tar`;
  };
  const ids: string[] = [];
  const manifest = spec.images.map((image) => {
    const layers = image.layers.map(pathOf);
    const config = configuration(image, diffIds);
    const digest = createHash('sha256').update(config).digest('hex');
    ids.push(`sha256:${digest}`);
    entries.push(file(`${digest}.json`, config));
    return { Config: `${digest}.json`, RepoTags: image.tags?.length ? image.tags : null, Layers: layers };
  });
  entries.push(file('manifest.json', JSON.stringify(manifest)));
  return { ids, diffIds, entries };
}

/**
 * Makes and loads images; returns their IDs in the order of `spec.images`.
 * @throws Error with the engine's words when it does not load them, e.g. for want of room.
 */
export async function loadImages(
  engine: ApiEngine,
  spec: StoreSpec,
  options?: ArchiveOptions,
): Promise<readonly string[]> {
  const archive = imageArchive(spec, options);
  const body = Readable.from(tar(archive.entries), { objectMode: false });
  const answer = await engine.expect('POST', '/images/load?quiet=1', {
    body,
    headers: { 'Content-Type': 'application/x-tar' },
  });
  throwStreamedError(answer.text);
  return archive.ids;
}

/**
 * Load, build, pull and push answer 200 and say later, in a line of their stream, that they failed.
 * @throws Error with the engine's words, after what it last wrote of the work (a build's output).
 */
export function throwStreamedError(stream: string): void {
  let output = '';
  for (const line of stream.split('\n').filter((text) => text.trim() !== '')) {
    const message = JSON.parse(line) as { stream?: string; error?: string };
    output = (output + (message.stream ?? '')).slice(-2000);
    if (message.error !== undefined) throw new Error(`${output}The engine says: ${message.error}`);
  }
}
