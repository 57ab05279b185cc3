/**
 * What the rights of the chart's pod are good for, measured on a real Docker Engine: with them the disk is measured exactly,
 * without them it is not. overlayfs makes a directory of mode 000 in each layer (`work/work`), which root may not enter
 * either when it has no capabilities; neither may it those of images' own users.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cli, runCli } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { atRest, du } from '../../../harness/machine/du.ts';
import { listTags, runContainer } from '../../../harness/engine/engine-api.ts';
import { send } from '../../../harness/wire/http.ts';
import { runAsPod } from '../../../harness/cluster/pod.ts';
import { freePort } from '../../../harness/engine/registry.ts';
import { only, type PodSpec, podSpec, render } from '../../../harness/cluster/rendered-chart.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { imagesOnBase, load } from '../../engine/scenario.ts';

interface Status {
  readonly usage: { readonly allocated: { readonly bytes: number; readonly inodes: number } | null };
  readonly layerSource: string;
  readonly space: unknown;
  readonly spaceProblem: string | null;
  readonly images: readonly {
    readonly tags: readonly string[];
    readonly uniqueBytes: number;
    readonly uniqueInodes: number;
    readonly exact: boolean;
  }[];
}

/** A group that owns the socket, as `docker` does. */
const socketGroup = 4242;
let engine: DockerEngine;
let ports: readonly [number, number];

beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 260 } });
  // Of many small files the engine knows the sizes, not what they take.
  const images = imagesOnBase({ used: 5, big: 30, small: 10 }, { files: 400 });
  await load(engine, images);
  await runContainer(engine, 'used:1');
  // As /var/lib is.
  chmodSync(engine.disk.workspace.path, 0o711);
  chownSync(engine.socketPath, 0, socketGroup);
  chmodSync(engine.socketPath, 0o660);
  ports = [await freePort(), await freePort()];
});
afterAll(async () => {
  await engine.dispose();
});

/** The chart's pod for this engine, which needs no Kubernetes. */
function pod(set: readonly string[] = [], files: readonly string[] = []): PodSpec {
  const socket = basename(engine.socketPath);
  return podSpec(
    only(
      render(
        [
          'engine.runtime=docker',
          `engine.hostDataDir=${engine.dataRoot}`,
          `engine.dataDir=${engine.dataRoot}`,
          `engine.socketName=${socket}`,
          `http.port=${String(ports[0])}`,
          `probes.port=${String(ports[1])}`,
          'cleaner.cordonMode=none',
          // Nothing is to be left behind on this machine.
          'state.enabled=false',
          'cleaner.minAgeSeconds=0',
          'cleaner.delaySeconds=0',
          ...set,
        ],
        files,
      ),
      'DaemonSet',
    ),
  );
}

async function status(cli: Cli): Promise<Status> {
  expect(await cli.exited).toEqual({ code: 0, signal: null });
  return cli.json<Status>();
}

/** What a root with all rights measures. */
async function truth(): Promise<Status> {
  const env = {
    DOCKER_HOST: engine.dockerHost,
    DOCKER_IMAGE_CLEANER_PATH_TO_CHECK: engine.dataRoot,
  };
  return await status(runCli(['status', '--json'], { env }));
}

const sizes = ({ images }: Status) =>
  images
    .map(({ tags, uniqueBytes, uniqueInodes, exact }) => ({ tags, uniqueBytes, uniqueInodes, exact }))
    .toSorted((a, b) => String(a.tags).localeCompare(String(b.tags)));

describe('the sandbox', () => {
  it('has what the chart gives and nothing more', async () => {
    const cli = runAsPod(pod(), engine, ['run']);
    await waitFor('the daemon', () => cli.records.some(({ event }) => event === 'check.completed'));
    const field = (name: string): string => {
      const text = execFileSync('grep', ['-m1', `^${name}:`, `/proc/${String(cli.pid)}/status`], {
        encoding: 'utf8',
      });
      return (text.split(':')[1] ?? '').trim();
    };
    // capability.h: CAP_DAC_READ_SEARCH is 2.
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) expect(BigInt(`0x${field(set)}`), set).toBe(1n << 2n);
    for (const set of ['CapInh', 'CapAmb']) expect(BigInt(`0x${field(set)}`), set).toBe(0n);
    expect(field('NoNewPrivs')).toBe('1');
    expect(field('Uid')).toBe('0\t0\t0\t0');
    const mounts = execFileSync('cat', [`/proc/${String(cli.pid)}/mountinfo`], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => [engine.dataRoot, '/'].includes(line.split(' ')[4] ?? ''));
    expect(mounts.filter((line) => /^ro\b/.test(line.split(' ')[5] ?? '')).length).toBeGreaterThanOrEqual(2);
    // And the daemon works there, with probes apart from the page.
    const get = async (port: number, path: string) =>
      (await send({ port }, 'GET', path, { headers: { Host: 'localhost' } })).status;
    await waitFor('readiness', async () => (await get(ports[1], '/readyz')) === 200);
    expect(await get(ports[0], '/readyz')).toBe(404);
    expect(await get(ports[0], '/metrics')).toBe(200);
    cli.kill();
    expect(await cli.exited).toEqual({ code: 0, signal: null });
  });

  it('is one in which overlayfs keeps a root without capabilities out', () => {
    const layers = join(engine.dataRoot, 'overlay2');
    const closed = readdirSync(layers)
      .map((name) => join(layers, name, 'work/work'))
      .filter((path) => existsSync(path));
    expect(closed.length).toBeGreaterThan(0);
    const list = (rights: string): unknown =>
      execFileSync('setpriv', ['--bounding-set', rights, '--', 'ls', closed[0] ?? ''], { stdio: 'pipe' });
    expect(() => list('-all')).toThrow(/Permission denied/);
    expect(() => list('-all,+dac_read_search')).not.toThrow();
  });
});

describe('with DAC_READ_SEARCH, as the chart has it', () => {
  it('every layer is measured exactly, and the space is shown by kind', async () => {
    await atRest(engine.dataRoot);
    const seen = await status(runAsPod(pod(), engine, ['status', '--json']));
    const real = await truth();
    expect(seen.layerSource).toBe(real.layerSource);
    expect(sizes(seen)).toEqual(sizes(real));
    for (const { tags, exact } of seen.images) expect(exact, String(tags)).toBe(true);
    expect(seen.spaceProblem).toBeNull();
    expect(seen.space).not.toBeNull();
  });

  it('absolute thresholds are compared with what du finds', async () => {
    await atRest(engine.dataRoot);
    const absolute = pod(['cleaner.thresholdType=absolute', 'cleaner.thresholdHigh=40e9']);
    const { usage } = await status(runAsPod(absolute, engine, ['status', '--json']));
    expect(usage.allocated).toEqual(du(engine.dataRoot));
  });
});

describe('without it', () => {
  it("layers are only estimated, from the engine's figures", async () => {
    await atRest(engine.dataRoot);
    const seen = await status(runAsPod(pod(['capabilities=null']), engine, ['status', '--json']));
    const real = await truth();
    expect(seen.layerSource).not.toBe(real.layerSource);
    expect(seen.images.filter(({ exact }) => exact)).toEqual([]);
    const bytes = (of: Status) => of.images.map(({ uniqueBytes }) => uniqueBytes).toSorted((a, b) => a - b);
    expect(bytes(seen)).not.toEqual(bytes(real));
    expect(seen.spaceProblem).toContain('CAP_DAC_READ_SEARCH');
  });
});

describe('without root, with the group of the socket', () => {
  const nonRoot = (set: readonly string[] = []): PodSpec =>
    pod([`podSecurityContext.supplementalGroups[0]=${String(socketGroup)}`, ...set], ['values-nonroot.yaml']);

  it('sweeps reach the low relative threshold, and images in use are kept', async () => {
    const before = await engine.disk.usage();
    const high = Math.floor(before.bytesPercent) - 1;
    const sweep = nonRoot([
      `cleaner.thresholdHigh=${String(high)}`,
      `cleaner.thresholdLow=${String(high - 8)}`,
    ]);
    const cli = runAsPod(sweep, engine, ['run', '--once']);
    expect(await cli.exited).toEqual({ code: 0, signal: null });
    const report = await cli.waitForEvent('sweep.completed');
    expect(report).toMatchObject({ reachedLow: true, deletedImages: 1, stoppedBecause: 'reached-low' });
    const after = await engine.disk.usage();
    const gained = after.availableBytes - before.availableBytes;
    expect(Math.abs(Number(report['freedBytes']) - gained)).toBeLessThan(1024 * 1024);
    expect(await listTags(engine)).toEqual(['small:1', 'used:1']);
  });

  it('a socket of another group cannot be reached, and the error says what to do', async () => {
    const other = pod(['podSecurityContext.supplementalGroups[0]=4243'], ['values-nonroot.yaml']);
    const cli = runAsPod(other, engine, ['run', '--once']);
    expect((await cli.exited).code).toBe(1);
    const { message } = await cli.waitForEvent('engine.unavailable');
    expect(message).toMatch(/permission|denied|group/i);
  });
});
