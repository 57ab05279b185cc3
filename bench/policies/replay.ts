/**
 * How long a replay of a million uses of 5,000 images takes, and how much memory: `npm run bench replay`.
 *
 *     node bench/policies/replay.ts [--policy value] [--uses 1000000] [--images 5000] [--capacity 0.4]
 */
import { parseArgs } from 'node:util';
import { formatBytes } from '../../src/core/model/format.ts';
import { findChoosers } from '../../src/simulate/choosers.ts';
import { Random } from '../../src/simulate/generate/random.ts';
import { replay } from '../../src/simulate/replay/replay.ts';
import { type Trace, TraceBuilder } from '../../src/simulate/traces/trace.ts';

const { values } = parseArgs({
  options: {
    policy: { type: 'string', default: 'value' },
    uses: { type: 'string', default: '1000000' },
    images: { type: 'string', default: '5000' },
    capacity: { type: 'string', default: '0.4' },
  },
});

/** Skewed uses of images: three versions of each repository, bases that are shared, five to nine layers. */
function manyUses(uses: number, images: number): Trace {
  const random = new Random(1);
  const builder = new TraceBuilder();
  const chains = Array.from({ length: images }, (_, image) => {
    const base = image % 40;
    const bottom = [0, 1, 2].map((at) => ({ id: `base-${base}-${at}`, bytes: 40e6, inodes: 500 }));
    const own = Array.from({ length: random.whole(2, 6) }, (_, at) => ({
      id: `own-${image}-${at}`,
      bytes: Math.round(random.logNormal(30e6, 1.2)),
      inodes: 300,
    }));
    return [...bottom, ...own];
  });
  for (let use = 0; use < uses; use++) {
    const image = Math.floor(images * random.next() ** 3);
    builder.add({
      time: 1_700_000_000 + use * 6,
      event: 'use',
      image: `image-${image}`,
      reference: `repository-${Math.floor(image / 3)}:${image % 3}`,
      durationSeconds: random.whole(10, 600),
      layers: chains[image] ?? [],
    });
  }
  return builder.build();
}

const trace = manyUses(Number(values.uses), Number(values.images));
for (const maker of findChoosers(values.policy)) {
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  let peakBytes = 0;
  let seen = 0;
  const figures = replay(trace, maker, {
    capacityBytes: trace.distinctBytes * Number(values.capacity),
    high: 80,
    low: 60,
    bytesPerSecond: 50e6,
    watch: () => {
      if (seen++ % 10_000 === 0) peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
    },
  });
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(startCpu);
  process.stdout.write(
    `${maker.name}: ${trace.startsMs.length} uses of ${trace.images.length} images in ${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of CPU), ` +
      `${figures.sweeps} sweeps, ${formatBytes(peakBytes)} resident\n`,
  );
}
