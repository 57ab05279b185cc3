/** Two cleaners on one node: neither lifts the other's live cordon, and what a dead one left is taken over. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { cordonAnnotation, parseMark } from '../../../src/cluster/cordon-rules.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { never, type Scene, startScene } from '../scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await startScene();
});

afterEach(async () => {
  await scene.reset();
});

afterAll(async () => {
  await scene.dispose();
});

// Processes of other PID namespaces, as in two pods.
const [one, other] = [
  { podName: 'images/one-aaaaa', process: '1:7:100' },
  { podName: 'images/other-bbbbb', process: '2:7:200' },
];
const cordoned = { unschedulable: true, taints: [], marked: true };
const free = { unschedulable: false, taints: [], marked: false };

async function renewedAt(node: string): Promise<number> {
  const value = (await scene.read(node)).metadata.annotations?.[cordonAnnotation] ?? '';
  return Date.parse(parseMark(value).renewed ?? '');
}

it('a live holder is left alone by a start, a hold and a release of another one', async () => {
  const node = await scene.node();
  const first = await scene.connect(node, { ...one, staleMs: 4000 });
  const held = await first.cluster.hold('full', never);
  const began = await renewedAt(node);
  const second = await scene.connect(node, { ...other, staleMs: 4000 });
  const recovered = second.cluster.recover(never);
  const also = await second.cluster.hold('full as well', never);
  expect(also.outcome).toBe('foreign');
  await also.release(never);
  // Longer than a mark lives that nobody renews.
  await waitFor('the mark to be renewed', async () => (await renewedAt(node)) > began + 4000);
  expect(await scene.state(node)).toEqual(cordoned);
  expect(second.events()).toContain('node.left-cordoned');
  expect(await held.release(never)).toBe('released');
  expect(await scene.state(node)).toEqual(free);
  expect(await recovered).toBe('absent');
});

it('the mark of an ended holder is removed when it expires, and at once where its end is known', async () => {
  const node = await scene.node();
  const mark = (pod: string, process: string): object => ({
    metadata: {
      annotations: {
        [cordonAnnotation]: JSON.stringify({
          time: new Date().toISOString(),
          renewed: new Date().toISOString(),
          reason: 'full',
          mode: 'cordon',
          ...{ pod, process },
        }),
      },
    },
    spec: { unschedulable: true },
  });
  await scene.change(node, mark(one.podName, one.process));
  const second = await scene.connect(node, { ...other, staleMs: 2000 });
  expect(await second.cluster.recover(never)).toBe('released');
  expect(second.events()).toEqual(['node.left-cordoned', 'node.uncordoned']);
  expect(await scene.state(node)).toEqual(free);

  // The restarted container of a pod, and a process of this namespace that has ended.
  await scene.change(node, mark(other.podName, '3:9:300'));
  const restarted = await scene.connect(node, other);
  expect(await restarted.cluster.recover(never)).toBe('released');
  await scene.change(node, mark('host', '2:4194399:1'));
  expect(await restarted.cluster.recover(never)).toBe('released');
  // The existing tool's mark is nobody's.
  await scene.change(node, {
    metadata: { annotations: { [cordonAnnotation]: 'true' } },
    spec: { unschedulable: true },
  });
  expect(await restarted.cluster.recover(never)).toBe('released');
  expect(restarted.events()).toEqual(['node.uncordoned', 'node.uncordoned', 'node.uncordoned']);
});
