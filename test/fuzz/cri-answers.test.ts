/**
 * A real CRI runtime, which deletes images in use when it is asked to, with damaged answers: lists that are empty, cut or of
 * other bytes. No image of a container is gone.
 */
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { type Containerd, startContainerd } from '../../harness/engine/containerd.ts';
import { createPodContainer, runPod } from '../../harness/engine/cri/pods.ts';
import { type GrpcProxy, isCall, startGrpcProxy } from '../../harness/wire/grpc-proxy.ts';
import { criCleaner, deletedTags, importEach } from '../engine/cri/scenario.ts';
import { imagesOnBase } from '../engine/scenario.ts';
import { Counts, damagedBytes, dice, runs, seed, timeout } from './fuzz.ts';

let containerd: Containerd;
let wire: GrpcProxy;

afterEach(async () => {
  wire.dispose();
  await containerd.dispose();
});

const empty = Buffer.alloc(5);

async function start(): Promise<void> {
  containerd = await startContainerd();
  wire = await startGrpcProxy(containerd.socketPath, `${containerd.disk.workspace.path}/fuzz.sock`);
  const ids = await importEach(containerd, imagesOnBase({ used: 2 }));
  const pod = await runPod(containerd, { name: 'pod' });
  await createPodContainer(containerd, pod, { image: ids['used'] ?? '' });
}

async function sweep(): Promise<readonly string[]> {
  const cli = criCleaner({ endpoint: wire.endpoint, dataRoot: containerd.dataRoot }, ['run', '--once'], {
    ...{ high: 0.2, low: 0.1 },
    settings: { TIMEOUT_SECONDS: '5' },
  });
  const { code } = await cli.exited;
  // 3: what is in use is kept, so LOW is not reached; 1: the runtime cannot be understood.
  expect([0, 1, 3], cli.stderr).toContain(code);
  expect(cli.stderr).not.toMatch(/\n\s+at /);
  return deletedTags(cli);
}

async function images(): Promise<string> {
  const answer = (await containerd.cri.call('ImageService/ListImages')) as {
    images?: { repoTags?: string[] }[];
  };
  return JSON.stringify(answer.images ?? []);
}

it('lists of containers that are empty delete no image of a container', async () => {
  await start();
  wire.addRule({ match: isCall('ListContainers'), damage: () => empty });
  wire.addRule({ match: isCall('ListPodSandbox'), damage: () => empty });
  await importEach(containerd, imagesOnBase({ unused: 3 }));
  expect(await sweep()).toEqual(['unused:1']);
  expect(await images()).toContain('used:1');
});

it(
  'answers of other bytes delete no image of a container',
  async () => {
    await start();
    const counts = new Counts();
    for (let check = 0; check < runs(8); check++) {
      const [random] = fc.sample(dice, { seed: seed + check, numRuns: 1 });
      if (random === undefined) throw new RangeError('fast-check gives as many as it is asked for');
      if (check % 4 === 0) await importEach(containerd, imagesOnBase({ [`unused${check}`]: 1 }));
      const rate = [5, 20, 60][random.whole(3)] ?? 5;
      const rule = wire.addRule({
        match: () => random.whole(100) < rate,
        damage: (body) => {
          counts.add('damaged answers');
          // What says how long the message is must be right, or nothing is read at all.
          const message = damagedBytes(body.subarray(5), random);
          const head = Buffer.alloc(5);
          head.writeUInt32BE(message.length, 1);
          return Buffer.concat([head, message]);
        },
      });
      counts.add('deletions', (await sweep()).length);
      rule.remove();
      expect(await images(), `check ${check} of seed ${seed}`).toContain('used:1');
    }
    counts.print('answers of containerd');
    expect(counts.of('damaged answers')).toBeGreaterThan(0);
  },
  timeout,
);
