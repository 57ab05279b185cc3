/** Writes a trace in the format of docs/trace-format.md. */
import type { Trace, UseEvent } from './trace.ts';

/** The lines of a trace file; the first use of an image names its layers. */
export function* traceLines(trace: Trace): Generator<string> {
  const described = new Uint8Array(trace.images.length);
  for (let use = 0; use < trace.startsMs.length; use++) {
    const index = trace.imageOf[use] ?? 0;
    const image = trace.images[index];
    if (image === undefined) continue;
    const layers = [...(trace.chains[index] ?? [])].flatMap((layer) => trace.layers[layer] ?? []);
    const event: UseEvent = {
      time: (trace.startsMs[use] ?? 0) / 1000,
      event: 'use',
      image: image.id,
      ...(image.tags[0] !== undefined && { reference: image.tags[0] }),
      durationSeconds: (trace.holdsMs[use] ?? 0) / 1000,
      ...(described[index] === 0 && {
        layers: layers.map(({ id, bytes, inodes }) => ({ id, bytes, inodes })),
        ...(image.digests.length === 0 && { built: true }),
      }),
    };
    described[index] = 1;
    yield `${JSON.stringify(event)}\n`;
  }
}
