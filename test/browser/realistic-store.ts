/** Images with the names that people give them, hundreds of gigabytes of them, and since when each is used: plain data. */
import type { Container, Image, ImageStore, Layer } from '../../src/core/model/store.ts';
import { applyEvent } from '../../src/core/use-history/apply-event.ts';
import { newHistory, type UsageHistory } from '../../src/core/use-history/history.ts';
import { randomNumbers } from '../../bench/scale/store.ts';

const GB = 1e9;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** By layer: its parent, and its size in GB. */
const bases: Readonly<Record<string, readonly [string, number]>> = {
  debian: ['', 0.12],
  ubuntu: ['', 0.08],
  jupyter: ['ubuntu', 1.1],
  scipy: ['jupyter', 2.3],
  cuda: ['ubuntu', 5.6],
  r: ['debian', 1.4],
  node: ['debian', 0.9],
  repo2docker: ['ubuntu', 0.85],
};

/**
 * Name (with the day of its arrival), base, own GB, days since its arrival, hours since it was used last (0: in use).
 */
const named: readonly (readonly [string, string, number, number, number])[] = [
  ['quay.io/jupyter/pytorch-notebook:cuda12-{date}', 'cuda', 9.8, 16, 31],
  ['quay.io/jupyter/pytorch-notebook:cuda12-{date}', 'cuda', 9.6, 44, 520],
  ['quay.io/jupyter/tensorflow-notebook:{date}', 'scipy', 4.9, 16, 97],
  ['quay.io/jupyter/datascience-notebook:{date}', 'scipy', 3.8, 16, 0],
  ['quay.io/jupyter/scipy-notebook:{date}', 'scipy', 0.4, 16, 5],
  ['nvcr.io/nvidia/pytorch:26.09-py3', 'cuda', 16.2, 51, 840],
  ['vllm/vllm-openai:v0.14.1', 'cuda', 12.4, 12, 0],
  ['vllm/vllm-openai:v0.13.0', 'cuda', 12.1, 39, 284],
  ['ghcr.io/acme/courses/statistics:r47', 'scipy', 1.3, 8, 0],
  ['ghcr.io/acme/courses/statistics:r46', 'scipy', 1.3, 15, 171],
  ['ghcr.io/acme/courses/machine-learning:r47', 'cuda', 4.2, 8, 22],
  ['rocker/tidyverse:4.5.2', 'r', 1.9, 23, 66],
  ['rocker/geospatial:4.5.1', 'r', 3.4, 60, 700],
  ['ghcr.io/acme/web/frontend:1.84.0', 'node', 0.6, 4, 0],
  ['ghcr.io/acme/web/frontend:1.83.2', 'node', 0.6, 11, 96],
  ['ghcr.io/acme/web/api:1.84.0', 'debian', 0.5, 4, 0],
  ['postgres:17.6', 'debian', 0.35, 35, 0],
  ['quay.io/jupyterhub/k8s-hub:4.3.1', 'debian', 0.4, 35, 0],
  ['grafana/grafana:12.3.0', '', 0.75, 35, 0],
  ['acme/postgres-with-extensions:17', 'debian', 1.1, 55, 610],
  ['nvcr.io/nvidia/tritonserver:26.08-py3', 'cuda', 13.4, 70, 1150],
  ['ghcr.io/huggingface/text-generation-inference:3.4.2', 'cuda', 7.9, 48, 430],
  ['ollama/ollama:0.14.2', 'ubuntu', 3.1, 9, 14],
  ['ghcr.io/acme/courses/deep-learning:r12', 'cuda', 8.7, 20, 0],
  ['ghcr.io/acme/courses/deep-learning:r11', 'cuda', 8.6, 27, 336],
  ['apache/airflow:3.1.3', 'debian', 1.6, 19, 0],
  ['ghcr.io/mlflow/mlflow:v3.6.0', 'debian', 1.2, 30, 0],
  ['gitlab/gitlab-runner:ubuntu-v18.6.0', 'ubuntu', 0.5, 14, 0],
  ['docker.elastic.co/elasticsearch/elasticsearch:9.2.1', '', 1.4, 33, 0],
  ['mambaorg/micromamba:2.4.0', 'debian', 0.2, 41, 212],
  ['osrf/ros:jazzy-desktop-full', 'ubuntu', 3.7, 58, 905],
  ['texlive/texlive:TL2026-historic', 'debian', 5.2, 64, 980],
];

const organisations = [
  'pangeo-data',
  'allenai',
  'astropy',
  'uc-berkeley',
  'sunpy',
  'geopandas',
  'ipython',
  'dask',
];
const topics = [
  'examples',
  'tutorials',
  'gallery',
  'workshop-2026',
  'lecture-notes',
  'physical-oceanography',
  'demo',
];

interface Spec {
  readonly image: Image;
  readonly bornMs: number;
  readonly usedMs: number;
  readonly isUsed: boolean;
}

/** @param without IDs that were deleted */
export function realisticStore(count: number, nowMs: number, without: ReadonlySet<string> = new Set()) {
  const random = randomNumbers(7);
  const layers = new Map<string, Layer>();
  const add = (id: string, parentId: string | undefined, gigabytes: number): void => {
    const bytes = Math.round(gigabytes * GB);
    layers.set(id, { id, parentId, bytes, inodes: Math.round(bytes / 90_000), exact: true });
  };
  const chainOf = (base: string): readonly string[] => {
    const [below = '', size = 0] = bases[base] ?? [];
    const chain = base === '' ? [] : [...chainOf(below), `layer-${base}`];
    if (base !== '' && !layers.has(`layer-${base}`)) add(`layer-${base}`, chain.at(-2), size);
    return chain;
  };
  const hex = (length: number): string =>
    Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
  const specs: Spec[] = [];
  for (let at = 0; at < count; at++) {
    const id = `sha256:${hex(64)}`;
    const organisation = organisations[Math.floor(random() * organisations.length)] ?? '';
    const topic = topics[Math.floor(random() * topics.length)] ?? '';
    const repository = `${organisation}-2d${topic}`.replaceAll('-', '-2d').replace('-2d2d', '-2d');
    const [name, base, size, days, idleHours] = named[at] ?? [
      `us-central1-docker.pkg.dev/acme-binder/hub/r2d-${repository}-${hex(6)}:${hex(40)}`,
      random() < 0.85 ? 'repo2docker' : 'scipy',
      0.25 + 3.5 * random() ** 3,
      1 + 40 * random(),
      random() < 0.02 ? 0 : 900 * random() ** 2,
    ];
    const chain = [...chainOf(base), `layer-${id}`];
    if (without.has(id)) continue;
    add(`layer-${id}`, chain.at(-2), size);
    const sizeBytes = chain.reduce((sum, layer) => sum + (layers.get(layer)?.bytes ?? 0), 0);
    const bornMs = nowMs - days * DAY;
    const dated = name.replace('{date}', new Date(bornMs).toISOString().slice(0, 10));
    const image: Image = {
      id,
      tags: at === 16 ? [dated, 'postgres:17', 'postgres:latest'] : [dated],
      digests: [],
      parentId: undefined,
      sizeBytes,
      createdAtMs: bornMs - 2 * DAY,
      appearedAtMs: bornMs,
      labels: at === 19 ? { 'docker-image-cleaner.keep': 'true' } : {},
      layers: chain,
    };
    const usedMs = Math.max(nowMs - idleHours * HOUR, bornMs);
    specs.push({ image, bornMs, usedMs, isUsed: idleHours === 0 });
  }
  const used = specs.filter(({ isUsed }) => isUsed);
  const containers = used.map(({ image, bornMs }, place): Container => {
    const [path = ''] = (image.tags[0] ?? '').split(':');
    const name = `${path.slice(path.lastIndexOf('/') + 1).slice(0, 30)}-${place + 1}`;
    return {
      id: `container-${place}`,
      name,
      images: [image.id],
      state: 'running',
      createdAtMs: bornMs,
      labels: {},
    };
  });
  const store: ImageStore = { images: specs.map(({ image }) => image), containers, layers };
  return { specs, store };
}

export function historyOf(specs: readonly Spec[], store: ImageStore, nowMs: number): UsageHistory {
  const history = newHistory(nowMs - 62 * DAY);
  const events = specs.flatMap(({ image, bornMs, usedMs, isUsed }, place) => {
    const containerId = isUsed
      ? (store.containers.find(({ images }) => images.includes(image.id))?.id ?? '')
      : `gone-${place}`;
    const began = {
      kind: 'use-began',
      atMs: isUsed ? bornMs : usedMs - HOUR,
      containerId,
      imageId: image.id,
    } as const;
    return [
      { kind: 'appeared', atMs: bornMs, image, layers: store.layers } as const,
      { ...began, atMs: Math.max(began.atMs, bornMs + 1) },
      ...(isUsed ? [] : [{ kind: 'use-ended', atMs: Math.max(usedMs, bornMs + 2), containerId } as const]),
    ];
  });
  for (const event of events.toSorted((a, b) => a.atMs - b.atMs)) applyEvent(history, event);
  return history;
}
