/** /metrics of the real daemon on a real engine, as Prometheus and its tools see it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { metrics } from '../../../src/surfaces/metrics/table.ts';
import { type Cli, repositoryRoot } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { createContainer } from '../../../harness/engine/engine-api.ts';
import { type Exposition, parseExposition } from '../../../harness/program/exposition.ts';
import { send } from '../../../harness/wire/http.ts';
import { type Prometheus, promtool, startPrometheus } from '../../../harness/program/prometheus.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { startWireProxy, type WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, type CleanerOptions, imagesOnBase, load } from '../scenario.ts';

const sizesMiB = { used: 5, big: 30, mid: 20, small: 10 };
const rulesFile = `${repositoryRoot}deploy/prometheus/rules.yaml`;
const prefix = 'docker_image_cleaner_';

let engine: DockerEngine;
let proxy: WireProxy;
let prometheus: Prometheus | undefined;
const running: Cli[] = [];

beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 200 } });
  proxy = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: join(engine.disk.workspace.path, 'proxy.sock') },
  });
  await load(engine, imagesOnBase(sizesMiB));
  await createContainer(engine, 'used:1', { name: 'holder' });
});

afterEach(async () => {
  await prometheus?.dispose();
  prometheus = undefined;
  for (const cli of running.splice(0)) await cli.dispose();
  await proxy.accept();
});

afterAll(async () => {
  await proxy.dispose();
  await engine.dispose();
});

interface Served {
  readonly cli: Cli;
  readonly target: string;
  readonly text: () => Promise<string>;
}

async function serve({ settings, ...options }: CleanerOptions = {}): Promise<Served> {
  const cli = cleaner(engine, ['run'], {
    high: 99,
    low: 98,
    ...options,
    settings: { HTTP_ADDRESS: '127.0.0.1:0', INTERVAL_SECONDS: '1', ...settings },
  });
  running.push(cli);
  const { url } = await cli.waitForEvent('http.listening');
  const port = Number(new URL(String(url)).port);
  const text = async (): Promise<string> => {
    const answer = await send({ port }, 'GET', '/metrics', { headers: { Host: 'localhost' } });
    expect(answer.status).toBe(200);
    return answer.text;
  };
  return { cli, target: `127.0.0.1:${port}`, text };
}

async function untilSeen({ text }: Served): Promise<void> {
  await waitFor('the first look', async () => (await text()).includes(`${prefix}store_timestamp_seconds`));
}

/** A daemon with a node name and an API server that is not there. */
async function serveOnNode(): Promise<Served> {
  const kubeconfig = join(engine.disk.workspace.path, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    }),
  );
  return await serve({ settings: { NODE_NAME: 'n1' }, env: { KUBECONFIG: kubeconfig } });
}

describe('the exposition', () => {
  it('is what promtool finds nothing to say about, from the first moment on', async () => {
    const served = await serve();
    expect(promtool(['check', 'metrics'], { input: await served.text() })).toEqual({ status: 0, output: '' });
    await untilSeen(served);
    expect(promtool(['check', 'metrics'], { input: await served.text() })).toEqual({ status: 0, output: '' });
  });

  it('shows the store by what may be deleted', async () => {
    const served = await serve({ high: 99, low: 1 });
    await untilSeen(served);
    const { values } = parseExposition(await served.text());
    expect(values.get(`${prefix}images{state="in-use"}`)).toBe(1);
    expect(values.get(`${prefix}images{state="unused"}`)).toBe(3);
    const MiB = 1024 * 1024;
    const reclaimable = values.get(`${prefix}reclaimable_bytes`) ?? 0;
    expect(reclaimable).toBeGreaterThan(59 * MiB);
    expect(reclaimable).toBeLessThan(63 * MiB);
    // The layer that all share is in use, and counted once.
    expect(values.get(`${prefix}image_bytes{state="unused"}`)).toBe(reclaimable);
    const spaces = [...values].filter(([series]) => series.startsWith(`${prefix}space_bytes{`));
    const sum = spaces.reduce((total, [, bytes]) => total + bytes, 0);
    expect(sum).toBe(values.get(`${prefix}filesystem_size_bytes`));
  });

  it('has the same number of series whatever the number of images', async () => {
    const served = await serve();
    await untilSeen(served);
    const before = parseExposition(await served.text());
    await load(engine, imagesOnBase({ more: 0.1, andmore: 0.1 }));
    await waitFor('the new images', async () => {
      const { values } = parseExposition(await served.text());
      return values.get(`${prefix}images{state="unused"}`) === 5;
    });
    const after = parseExposition(await served.text());
    expect([...after.values.keys()]).toEqual([...before.values.keys()]);
  });
});

describe('an engine that fails', () => {
  it('is counted, every try of it, and is up again when it is', async () => {
    const served = await serve({ dockerHost: proxy.dockerHost });
    const valueOf = async (series: string): Promise<number | undefined> =>
      parseExposition(await served.text()).values.get(prefix + series);
    await waitFor('the engine', async () => (await valueOf('engine_up')) === 1);
    expect(await valueOf('engine_errors_total{code="unreachable"}')).toBe(0);
    await proxy.refuse('refused');
    await waitFor(
      'two errors',
      async () => Number(await valueOf('engine_errors_total{code="unreachable"}')) >= 2,
    );
    expect(await valueOf('engine_up')).toBe(0);
    await proxy.accept();
    await waitFor('the engine again', async () => (await valueOf('engine_up')) === 1);
  });
});

/** What a query names: metrics, and labels with their metrics. */
function named(query: string): { readonly metrics: readonly string[]; readonly labels: readonly string[] } {
  const inBraces = [...query.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) =>
    [...inside.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  );
  const listed = [...query.matchAll(/\b(?:by|on|ignoring|without)\s*\(([^)]*)\)/g)].flatMap(
    ([, inside = '']) => inside.split(',').map((label) => label.trim()),
  );
  const withoutLabels = query.replace(/\{[^}]*\}|\b(?:by|on|ignoring|without)\s*\([^)]*\)/g, '');
  const metrics = [...withoutLabels.matchAll(/\b(?:docker_image_cleaner|process|nodejs)_[a-z_]+/g)].map(
    ([name]) => name,
  );
  return { metrics, labels: [...inBraces, ...listed] };
}

/** What is wrong with a query, seen from what the daemon gives. */
function unknownIn(query: string, legend: string, known: Exposition): readonly string[] {
  const { metrics, labels } = named(query);
  const ofTarget = ['job', 'instance'];
  const its = new Set([...ofTarget, ...metrics.flatMap((name) => [...(known.labels.get(name) ?? [])])]);
  const inLegend = [...legend.matchAll(/\{\{\s*([a-z_]+)\s*\}\}/g)].map(([, label = '']) => label);
  return [
    ...metrics.filter((name) => !known.labels.has(name)).map((name) => `no metric ${name}`),
    ...[...labels, ...inLegend]
      .filter((label) => !its.has(label))
      .map((label) => `no label ${label}: ${query}`),
  ];
}

/** The metrics that are absent until there is something to show, by their definition. */
function absent(): readonly (readonly [string, ReadonlySet<string>])[] {
  const { windowOpen, notifyFailing, keepFileFailing, fullIn } = metrics;
  return [windowOpen, notifyFailing, keepFileFailing, fullIn].map(
    ({ name, labels }) => [name, new Set(Object.keys(labels))] as const,
  );
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly type: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
  readonly annotations: {
    readonly list: readonly { readonly titleFormat?: string; readonly target?: { readonly expr: string } }[];
  };
}

function dashboard(): Dashboard {
  return JSON.parse(
    readFileSync(`${repositoryRoot}deploy/grafana/docker-image-cleaner.json`, 'utf8'),
  ) as Dashboard;
}

/** As Grafana would ask it, of all nodes. */
function plainOf(expr: string): string {
  return expr
    .replaceAll('$job', 'docker-image-cleaner')
    .replaceAll('$instance', '.*')
    .replaceAll('$__rate_interval', '1m');
}

/** Panels that may be empty here: no window is set, and the disk does not fill up. */
const mayBeEmpty = /window_open|full_in_seconds/;

describe('Prometheus', () => {
  it('scrapes it through a sweep, and its figures are those of the sweep and of the disk', async () => {
    const served = await serve({ high: 70, low: 60, settings: { DELAY_SECONDS: '0' } });
    prometheus = await startPrometheus({ target: served.target, rules: [rulesFile] });
    const scraper = prometheus;
    const is = async (query: string, expected: number): Promise<void> => {
      await waitFor(`${query} = ${expected}`, async () =>
        (await scraper.query(query)).some((one) => one.value === expected),
      );
    };
    await is(`sum(${prefix}sweeps_total)`, 0);
    await is(`${prefix}checks_total > bool 0`, 1);
    expect(await scraper.value('up')).toBe(1);
    const { totalBytes } = await engine.disk.usage();
    await engine.disk.occupy('ballast', Math.round(totalBytes * 0.45));
    const report = await served.cli.waitForEvent('sweep.completed');
    expect(report).toMatchObject({ reachedLow: true, stoppedBecause: 'reached-low' });
    await is(`${prefix}sweeps_total{outcome="reached-low"}`, 1);
    // The dashboard marks it on its graphs.
    const marks = dashboard().annotations.list.flatMap(({ target }) => target?.expr ?? []);
    await waitFor('the sweep among the annotations', async () =>
      (await scraper.query(plainOf(marks[0] ?? ''))).some(({ value }) => value > 0),
    );
    await is(`sum(${prefix}deletions_total{result="deleted"})`, Number(report['deletedImages']));
    await is(`sum(${prefix}freed_bytes_total)`, Number(report['freedBytes']));
    await is(`sum(${prefix}predicted_bytes_total)`, Number(report['predictedBytes']));
    await is(`sum(${prefix}freed_inodes_total)`, Number(report['freedInodes']));
    await is(`${prefix}sweep_duration_seconds_count`, 1);
    await is(`${prefix}sweep_duration_seconds_sum`, Number(report['durationSeconds']));
    await is(`${prefix}deletion_duration_seconds_count{kind="image"}`, Number(report['deletedImages']));
    await is(`${prefix}last_sweep_reached_low`, 1);
    await is(`${prefix}level_ratio < bool ignoring (threshold) ${prefix}threshold_ratio{threshold="low"}`, 1);
    await is(`sum(${prefix}images)`, 6 - Number(report['deletedImages']));
    await is(`${prefix}filesystem_avail_bytes`, (await engine.disk.usage()).availableBytes);
    // No alert fires. The recent ballast may appear as a trend, which is pending only.
    expect(Object.values(await scraper.alerts())).not.toContain('firing');
  });

  it('can evaluate every query of dashboard and rules; each finds series, and each panel shows something', async () => {
    const [served, onNode] = [await serve({ high: 30, low: 0.1 }), await serveOnNode()];
    await served.cli.waitForEvent('sweep.completed');
    await untilSeen(served);
    prometheus = await startPrometheus({ target: [served.target, onNode.target] });
    // A sweep that reached LOW is in no exposition here; its one label value is the same metric's.
    const { labels, ...seen } = parseExposition(await served.text(), await onNode.text());
    const known = { ...seen, labels: new Map([...absent(), ...labels]) };
    const { panels, templating, annotations } = dashboard();
    const rules = parse(readFileSync(rulesFile, 'utf8')) as {
      groups: { rules: { expr: string; annotations: Record<string, string> }[] }[];
    };
    const ofPanels = panels.flatMap(({ targets = [] }) =>
      targets.map(({ expr, legendFormat }) => [expr, legendFormat] as const),
    );
    const ofRules = rules.groups.flatMap((group) => group.rules.map(({ expr }) => [expr, ''] as const));
    const ofVariables = templating.list.flatMap(({ definition }) => {
      const [, expr, label] = /^label_values\((.*), ([a-z_]+)\)$/.exec(definition ?? '') ?? [];
      return expr === undefined ? [] : [[expr, `{{${label ?? ''}}}`] as const];
    });
    const ofAnnotations = annotations.list.flatMap(({ target, titleFormat = '' }) =>
      target === undefined ? [] : [[target.expr, titleFormat] as const],
    );
    expect([ofPanels.length > 20, ofRules.length, ofVariables.length]).toEqual([true, 8, 2]);
    expect(ofAnnotations).toHaveLength(2);
    const scraper = prometheus;
    for (const [expr, legend] of [...ofPanels, ...ofRules, ...ofVariables, ...ofAnnotations]) {
      const plain = plainOf(expr);
      expect(plain).not.toContain('$');
      expect(unknownIn(plain, legend, known), expr).toEqual([]);
      await scraper.query(plain);
    }
    // A rate needs two scrapes; what happens rarely is 0, not absent.
    for (const [expr] of ofPanels.filter(([each]) => !mayBeEmpty.test(each)))
      await waitFor(expr, async () => (await scraper.query(plainOf(expr))).length > 0);
  });

  it('would find a query without series', async () => {
    const known = parseExposition(await (await serve()).text());
    expect(unknownIn(`sum by (image) (${prefix}checks_total{node="a"})`, '{{pod}}', known)).toHaveLength(3);
    expect(unknownIn(`rate(${prefix}check_total[1m])`, '', known)).toEqual([
      `no metric ${prefix}check_total`,
    ]);
  });
});
