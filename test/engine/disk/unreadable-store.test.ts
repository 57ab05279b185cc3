/**
 * A store on disk that may not be read, as a whole or in part: the engine provides what cannot be read, `status` says
 * so, and a sweep continues. Root may read everything, so the cleaner runs as a root without that right; what the
 * kernel refuses to everybody (a loop of links, a file that gives I/O errors) is refused to it as well.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags, removeImage } from '../../../harness/engine/engine-api.ts';
import type { StoreSpec } from '../../../harness/engine/images.ts';
import { startWireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, type CleanerOptions, deletedNames, load } from '../scenario.ts';

interface Status {
  readonly layerSource: string;
  readonly spaceProblem: string | null;
  readonly images: readonly {
    readonly tags: readonly string[];
    readonly uniqueBytes: number;
    readonly uniqueInodes: number;
    readonly exact: boolean;
  }[];
}

/** What the engine alone knows: sizes as sums of file sizes. */
const spec = {
  layers: { base: { bytes: 1e6, shell: true }, one: { bytes: 3e6, files: 300 }, two: { bytes: 2e6 } },
  images: [
    { tags: ['one:1'], layers: ['base', 'one'] },
    { tags: ['two:1'], layers: ['base', 'one', 'two'] },
  ],
} satisfies StoreSpec;

/** Root that files' modes bind, as in a container that was given no capabilities. */
const bound: CleanerOptions = { withoutCapabilities: ['dac_override', 'dac_read_search'] };
const everything = { high: 0.2, low: 0.1 };

let engine: DockerEngine;
let metadata: string;
beforeAll(async () => {
  engine = await startDockerEngine();
  metadata = join(engine.dataRoot, 'image/overlay2');
});
afterAll(async () => {
  await engine.dispose();
});

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

function close(path: string): void {
  chmodSync(path, 0o000);
  undo.push(() => {
    chmodSync(path, 0o700);
  });
}

/** Puts something else in the place of a file or folder. */
function replace(path: string, put: (path: string) => void): void {
  const aside = `${path}.aside`;
  renameSync(path, aside);
  put(path);
  undo.push(() => {
    rmSync(path, { recursive: true });
    renameSync(aside, path);
  });
}

async function status(options: CleanerOptions = {}): Promise<Status> {
  const cli = cleaner(engine, ['status', '--json'], { ...everything, ...options });
  expect((await cli.exited).code, cli.stderr).toBe(0);
  const answer = cli.json<Status>();
  const text = cleaner(engine, ['status'], { ...everything, ...options });
  expect((await text.exited).code, text.stderr).toBe(0);
  expect(text.stdout).toContain(`layer sizes: ${answer.layerSource}`);
  return answer;
}

const imageOf = (answer: Status, tag: string) => answer.images.find(({ tags }) => tags.includes(tag));

describe('a store that may not be read as a whole', () => {
  beforeAll(async () => {
    await load(engine, spec);
  });

  it('is what plan says it measures, while it may be read', async () => {
    for (const options of [{}, bound]) {
      const answer = await status(options);
      expect(answer.layerSource).toBe('measured on the disk');
      expect(imageOf(answer, 'two:1')?.exact).toBe(true);
    }
  });

  it.each([
    ['the layer database', 'layerdb', 'layerdb/sha256'],
    ['the images’ configurations', 'imagedb/content/sha256', 'imagedb/content/sha256'],
    ['all of the engine’s records', '..', '..'],
  ])('%s closed to this process: layers and sizes are the engine’s, and plan says why', async (_, closed) => {
    close(join(metadata, closed));
    const answer = await status(bound);
    expect(answer.layerSource).toContain('estimated from the sizes that the engine gives');
    expect(answer.layerSource).toContain(join(metadata, closed));
    expect(answer.layerSource).toContain('EACCES');
    expect(answer.spaceProblem).toContain('CAP_DAC_READ_SEARCH');
    // The engine reports the layer of two:1 in bytes of files; one:1 has nothing of its own.
    expect(imageOf(answer, 'two:1')).toMatchObject({ uniqueBytes: 2e6, exact: false });
    expect(imageOf(answer, 'one:1')).toMatchObject({ uniqueBytes: 0, exact: false });
  });

  it('a layer database that the kernel cannot open: the same, and the disk is walked for the account', async () => {
    const path = join(metadata, 'layerdb/sha256');
    replace(path, (at) => {
      symlinkSync(at, at);
    });
    const answer = await status();
    expect(answer.layerSource).toContain('estimated from the sizes that the engine gives');
    expect(answer.layerSource).toContain(`${path} may not be read (ELOOP)`);
    expect(answer.spaceProblem).toBeNull();
    expect(imageOf(answer, 'two:1')).toMatchObject({ uniqueBytes: 2e6, exact: false });
  });

  it('costs a question an image, and one more for the sizes of the layers that several have', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `many${index}`);
    await load(engine, {
      layers: { ...spec.layers, ...Object.fromEntries(names.map((name) => [name, { bytes: 30_000 }])) },
      images: names.map((name) => ({ tags: [`${name}:1`], layers: ['base', name] })),
    });
    close(join(metadata, 'layerdb/sha256'));
    const socketPath = join(engine.disk.workspace.path, 'proxy.sock');
    await using proxy = await startWireProxy({ target: engine, listen: { socketPath } });
    const cli = cleaner(engine, ['status', '--json'], {
      ...{ ...everything, ...bound },
      dockerHost: proxy.dockerHost,
    });
    expect((await cli.exited).code, cli.stderr).toBe(0);
    const { images } = cli.json<Status>();
    expect(images).toHaveLength(14);
    for (const name of names)
      expect(imageOf({ ...cli.json<Status>(), images }, `${name}:1`)?.uniqueBytes).toBe(30_000);
    expect(proxy.count(({ path }) => /\/images\/[^/]+\/json/.test(path))).toBe(14);
    // Of one:1 or two:1, which have all that several have.
    expect(proxy.count(({ path }) => path.endsWith('/history'))).toBe(1);
    for (const name of names) await removeImage(engine, `${name}:1`);
  });

  it('does not prevent a sweep', async () => {
    close(join(metadata, 'layerdb'));
    const cli = cleaner(engine, ['run', '--once'], { ...everything, ...bound });
    // Nothing is left to delete, and the disk is not empty.
    expect((await cli.exited).code).toBe(3);
    expect(deletedNames(cli)).toEqual(['two:1', 'one:1']);
    const [two] = cli.records.filter(({ event }) => event === 'image.deleted');
    expect(two).toMatchObject({
      predictedBytes: 2e6,
      reason: expect.stringContaining('about 2.00 MB') as string,
    });
    expect(await listTags(engine)).toEqual([]);
  });
});

describe('one layer whose record cannot be used', () => {
  /** The entry of the layer that `two:1` has alone. */
  function entryOfTwo(): string {
    const folder = join(metadata, 'layerdb/sha256');
    const sizeOf = (name: string): number => Number(readFileSync(join(folder, name, 'size'), 'utf8'));
    const [entry] = readdirSync(folder).filter((name) => sizeOf(name) === 2e6);
    if (entry === undefined) throw new Error('the layer of two:1 has 2 MB');
    return join(folder, entry);
  }

  it.each([
    [
      'a size that gives I/O errors',
      (at: string) => symlinkSync('/proc/self/mem', at),
      'size may not be read (EIO)',
    ],
    ['a size that is a folder', (at: string) => mkdirSync(at), 'size may not be read (EISDIR)'],
    [
      'a size that is no number',
      (at: string) => execFileSync('sh', ['-c', 'echo much > "$0"', at]),
      'is damaged',
    ],
  ])('%s: that layer is the engine’s word, all others are measured', async (_, put, why) => {
    await load(engine, spec);
    const entry = entryOfTwo();
    replace(join(entry, 'size'), put);
    const answer = await status();
    expect(answer.layerSource).toContain('measured on the disk');
    expect(answer.layerSource).toContain('1 record of the layer database left out');
    expect(answer.layerSource).toContain(entry);
    expect(answer.layerSource).toContain(why);
    expect(answer.layerSource).toContain('1 image estimated from the sizes that the engine gives');
    expect(imageOf(answer, 'two:1')).toMatchObject({ uniqueBytes: 2e6, exact: false });
    expect(imageOf(answer, 'one:1')).toMatchObject({ uniqueBytes: 0, exact: true });
  });
});
