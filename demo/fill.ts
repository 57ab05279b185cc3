/** Fills the demo's engine as a busy build host does: families of images on shared bases, rebuilt now and then. */
import type { DockerEngine } from '../harness/engine/docker-engine.ts';
import { createContainer, runContainer } from '../harness/engine/engine-api.ts';
import { loadImages, type LayerSpec, type StoreSpec } from '../harness/engine/images.ts';

const megabyte = 1_000_000;

/** Layers that many images share. The bottom one has a shell, so that containers run. */
const sharedLayers: StoreSpec['layers'] = {
  debian: { bytes: 30 * megabyte, files: 300, shell: true },
  python: { bytes: 45 * megabyte, files: 600 },
  scipy: { bytes: 40 * megabyte, files: 500 },
  r: { bytes: 50 * megabyte, files: 500 },
};

const families = [
  { base: ['debian', 'python'], names: ['flask-tutorial', 'bot', 'crawler', 'docs-preview'] },
  {
    base: ['debian', 'python', 'scipy'],
    names: ['notebook', 'climate-model', 'galaxy-fit', 'summer-school'],
  },
  { base: ['debian', 'r'], names: ['bird-census', 'shiny-map', 'survey'] },
] as const;

/** In use throughout: two running, one stopped. What they need must be kept. */
const running = ['notebook:v1', 'flask-tutorial:v1'];
const stopped = 'bird-census:v1';

export interface FillOptions {
  /** Continues until this percentage is used. */
  readonly untilPercent: number;
  /** Called when something was added: what, in words. */
  readonly onStep: (text: string) => Promise<void>;
}

/** Every image in the order of its making: version 1 of all families in turn, then version 2, and so on. */
function* images(): Generator<{ reference: string; base: readonly string[]; layer: string }> {
  for (let version = 1; ; version++) {
    for (let i = 0; i < 4; i++) {
      for (const { base, names } of families) {
        const name = names[i];
        if (name !== undefined) yield { reference: `${name}:v${version}`, base, layer: `${name}-${version}` };
      }
    }
  }
}

async function startContainers(engine: DockerEngine, reference: string): Promise<string | undefined> {
  if (running.includes(reference)) {
    await runContainer(engine, reference, { name: reference.replace(':', '-') });
    return `a container of ${reference} runs`;
  }
  if (reference === stopped) {
    await createContainer(engine, reference, { name: reference.replace(':', '-') });
    return `a container of ${reference} is there, not running`;
  }
  return undefined;
}

/** Loads images until the disk is as full as asked. */
export async function fill(engine: DockerEngine, options: FillOptions): Promise<void> {
  const present = new Set<string>();
  for (const { reference, base, layer } of images()) {
    const usage = await engine.disk.usage();
    if (usage.bytesPercent >= options.untilPercent) return;
    // An engine unpacks an archive beside its images before it loads it, so an image may have 40% of what is free.
    const wanted = (18 + ((present.size * 7) % 25)) * megabyte;
    const bytes = Math.min(wanted, Math.floor(usage.availableBytes * 0.4));
    const ownLayer: LayerSpec = { bytes, files: 150 };
    const layers = Object.fromEntries(
      [...base, layer].map((name) => [name, sharedLayers[name] ?? ownLayer] as const),
    );
    // A rebuild of the latest takes the name from the previous one, which becomes untagged.
    const latest = reference.startsWith('survey:') ? ['survey:latest'] : [reference];
    const names = [...base, layer];
    await loadImages(
      engine,
      { layers, images: [{ tags: latest, layers: names }] },
      { presentLayers: present },
    );
    for (const name of names) present.add(name);
    await options.onStep(`loaded ${latest.join(', ')}`);
    const started = await startContainers(engine, reference);
    if (started !== undefined) await options.onStep(started);
  }
}
