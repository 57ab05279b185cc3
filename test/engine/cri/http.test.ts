/** The HTTP server of the real daemon on a real containerd: the status page's data, and the metrics, through a sweep. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Cli } from '../../../harness/program/cli.ts';
import { type Containerd, startContainerd } from '../../../harness/engine/containerd.ts';
import { runPodWith } from '../../../harness/engine/cri/pods.ts';
import { parseExposition } from '../../../harness/program/exposition.ts';
import { send, type Answer } from '../../../harness/wire/http.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { criCleaner, criTags, importEach } from './scenario.ts';
import { imagesOnBase } from '../scenario.ts';

const MiB = 1024 * 1024;
const prefix = 'docker_image_cleaner_';
let containerd: Containerd;
const running: Cli[] = [];

beforeAll(async () => {
  containerd = await startContainerd({ disk: { sizeMiB: 300 } });
  const ids = await importEach(containerd, imagesOnBase({ used: 5, big: 30, mid: 20, small: 10 }));
  await runPodWith(containerd, 'pod', ids['used'] ?? '');
});

afterEach(async () => {
  for (const cli of running.splice(0)) await cli.dispose();
});

afterAll(async () => {
  await containerd.dispose();
});

async function serve(limits: { readonly high: number; readonly low: number }): Promise<{
  readonly cli: Cli;
  readonly get: (path: string) => Promise<Answer>;
}> {
  const settings = { RUNTIME: 'cri', HTTP_ADDRESS: '127.0.0.1:0', INTERVAL_SECONDS: '1' };
  const cli = criCleaner(containerd, ['run'], { ...limits, settings });
  running.push(cli);
  const { url } = await cli.waitForEvent('http.listening');
  const port = Number(new URL(String(url)).port);
  const get = (path: string): Promise<Answer> =>
    send({ port }, 'GET', path, { headers: { Host: 'localhost' } });
  await waitFor('the first look', async () => (await get('/api/status.json')).status === 200);
  return { cli, get };
}

interface StatusJson {
  readonly engine: { readonly name: string };
  readonly layerSource: string;
  readonly images: readonly {
    readonly tags: readonly string[];
    readonly inUse: boolean;
    readonly uniqueBytes: number;
    readonly usedBy: readonly { readonly name: string }[];
  }[];
}

describe('with a CRI runtime, the daemon serves', () => {
  it('the data of the status page: images, what would be deleted, and layers', async () => {
    const { get } = await serve({ high: 99, low: 0.1 });
    expect((await get('/readyz')).status).toBe(200);
    const status = (await get('/api/status.json')).json<StatusJson>();
    expect(status.engine.name).toContain('containerd');
    expect(status.layerSource).toContain('measured on the disk by containerd');
    const named = (name: string) =>
      status.images.find(({ tags }) => tags.includes(`docker.io/library/${name}:1`));
    expect(named('used')).toMatchObject({ inUse: true, usedBy: [{ name: 'pod/main' }] });
    expect(named('big')?.uniqueBytes).toBeGreaterThan(30 * MiB);

    const plan = (await get('/api/plan.json')).json<{
      victims: { references: string[] }[];
      kept: { references: string[]; code: string }[];
    }>();
    expect(plan.victims.map(({ references }) => references[0])).toEqual(
      ['big', 'mid', 'small'].map((name) => `docker.io/library/${name}:1`),
    );
    expect(plan.kept.map(({ code }) => code)).toContain('in-use');

    const layers = (await get('/api/layers.json')).json<{
      bytes: number;
      segments: { bytes: number }[];
    }>();
    expect(layers.segments.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(layers.bytes);
    expect((await get('/')).text).toContain('<html');
    expect((await get('/api/activity.json')).status).toBe(200);
  });

  it('metrics, that follow a sweep', async () => {
    const { cli, get } = await serve({ high: 0.2, low: 0.1 });
    await cli.waitForEvent('sweep.completed');
    await waitFor('the sweep to be counted', async () =>
      (await get('/metrics')).text.includes(`${prefix}sweeps_total{outcome="no-candidates"} 1`),
    );
    const { values } = parseExposition((await get('/metrics')).text);
    const engine = [...values.keys()].find((series) => series.startsWith(`${prefix}engine_up`));
    expect(values.get(engine ?? '')).toBe(1);
    expect(values.get(`${prefix}deletions_total{kind="image",result="deleted"}`)).toBe(3);
    expect(values.get(`${prefix}freed_bytes_total{kind="image"}`)).toBeGreaterThan(60 * MiB);
    expect(values.get(`${prefix}images{state="in-use"}`)).toBeGreaterThanOrEqual(1);
    expect(await criTags(containerd)).toEqual(['used:1']);
  });
});
