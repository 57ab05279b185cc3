/** A store as one finds it on a node that serves notebooks: families of images on shared layers. */
import type { ImageSpec, LayerSpec } from '../../harness/engine/images.ts';

const MiB = 1024 * 1024;

/** By layer: its parent, and its size in MiB. */
const forest: Readonly<Record<string, readonly [string, number]>> = {
  debian: ['', 9],
  jupyter: ['debian', 14],
  scipy: ['jupyter', 16],
  datascience: ['scipy', 13],
  tensorflow: ['scipy', 24],
  pytorch: ['scipy', 27],
  'course-1': ['scipy', 6],
  'course-2': ['scipy', 5],
  'course-3': ['datascience', 4],
  'binder-a': ['jupyter', 7],
  'binder-b': ['jupyter', 4],
  'binder-c': ['jupyter', 3],
  'binder-d': ['jupyter', 2.5],
  'binder-e': ['jupyter', 2],
  r: ['debian', 12],
  rstudio: ['r', 11],
  tidyverse: ['rstudio', 6],
  node: ['', 10],
  hub: ['node', 5],
  proxy: ['node', 3],
};

const names: Readonly<Record<string, string>> = {
  datascience: 'quay.io/jupyter/datascience-notebook:2026-10-05',
  tensorflow: 'quay.io/jupyter/tensorflow-notebook:2026-10-05',
  pytorch: 'quay.io/jupyter/pytorch-notebook:2026-10-05',
  'course-1': 'registry.example.org/courses/statistics:w41',
  'course-2': 'registry.example.org/courses/statistics:w40',
  'course-3': 'registry.example.org/courses/machine-learning:w41',
  'binder-a': 'registry.example.org/binder/r2d-geo-2dnotes:8f31c02',
  'binder-b': 'registry.example.org/binder/r2d-astro-tutorial:11ab9e7',
  'binder-c': 'registry.example.org/binder/r2d-lectures:55d0aa1',
  'binder-d': 'registry.example.org/binder/r2d-demo:09fe21b',
  'binder-e': 'registry.example.org/binder/r2d-demo:c0ffee1',
  rstudio: 'docker.io/rocker/rstudio:4.4',
  tidyverse: 'docker.io/rocker/tidyverse:4.4',
  hub: 'quay.io/jupyterhub/k8s-hub:4.1.0',
  proxy: 'quay.io/jupyterhub/configurable-http-proxy:4.6.3',
};

/** In use by a container. */
export const inUse = [names['hub'], names['proxy'], names['course-1']] as string[];
/** Protected by its label. */
export const protectedName = names['datascience'] ?? '';

function chain(layer: string): string[] {
  const [parent = ''] = forest[layer] ?? [];
  return parent === '' ? [layer] : [...chain(parent), layer];
}

export function notebookStore(): { layers: Record<string, LayerSpec>; images: ImageSpec[] } {
  const layers = Object.fromEntries(
    Object.entries(forest).map(([name, [parent, size]]) => [
      name,
      { bytes: Math.round(size * MiB), files: 4, ...(parent === '' && { shell: true }) },
    ]),
  );
  const images = Object.entries(names).map(([layer, tag]) => ({
    tags: [tag],
    layers: chain(layer),
    ...(tag === protectedName && { labels: { 'docker-image-cleaner.keep': 'true' } }),
  }));
  return { layers, images };
}
