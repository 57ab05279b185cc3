/** What the usage history sees on a CRI runtime: once by the runtime's stream of events, once by asking now and then. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastUse, type UsageHistory } from '../../src/core/use-history/history.ts';
import { createCriEngine } from '../../src/engine/cri/cri-engine.ts';
import type { DaemonEvent } from '../../src/events/events.ts';
import { type History, startHistory } from '../../src/history/history.ts';
import { type Containerd, importImages, startContainerd } from '../../harness/engine/containerd.ts';
import {
  createPodContainer,
  removePod,
  runPod,
  startPodContainer,
  stopPodContainer,
} from '../../harness/engine/cri/pods.ts';
import { engineRoot, type Suite } from '../../harness/machine/engine-root.ts';
import { type GrpcProxy, startGrpcProxy } from '../../harness/wire/grpc-proxy.ts';
import { waitFor } from '../../harness/machine/wait.ts';

/** @param hasStream whether this release reports its events. */
export function followsUse(name: string, hasStream: boolean, suite?: Suite): void {
  describe(`the history on ${name}`, () => {
    let containerd: Containerd;
    let proxy: GrpcProxy;
    let history: History;
    const reports: DaemonEvent[] = [];
    let imageA = '';
    let imageB = '';

    beforeAll(async () => {
      containerd = await startContainerd(suite === undefined ? {} : { root: await engineRoot(suite) });
      [imageA = '', imageB = ''] = await importImages(containerd, {
        layers: { base: { bytes: 1000, shell: true }, a: { bytes: 2000 }, b: { bytes: 3000 } },
        images: [
          { tags: ['localhost/a:1'], layers: ['base', 'a'] },
          { tags: ['localhost/b:1'], layers: ['base', 'b'] },
        ],
      });
      proxy = await startGrpcProxy(containerd.socketPath, `${containerd.disk.workspace.path}/proxy.sock`);
      const engine = createCriEngine(proxy.endpoint, {
        findSocket: () => Promise.resolve(proxy.socketPath),
        timeoutMs: 20_000,
        // With a stream, containers are hardly asked for, so that the stream is what counts.
        pollTimes: hasStream
          ? { containersMs: 600_000, imagesMs: 600_000 }
          : { containersMs: 50, imagesMs: 50 },
      });
      history = await startHistory(
        {
          engine,
          stateFile: undefined,
          recordTrace: undefined,
          report: (event) => reports.push(event),
          clock: Date.now,
          tuning: { retryLimitMs: 1000 },
        },
        new AbortController().signal,
      );
      await history.synced;
    });
    afterAll(async () => {
      await history.close();
      proxy.dispose();
      await containerd.dispose();
    });

    const uses = (current: UsageHistory, id: string): number => current.images.get(id)?.active ?? 0;

    it('sees a use begin and end, and when it was', async () => {
      const beganMs = Date.now();
      const pod = await runPod(containerd, { name: 'one' });
      const id = await createPodContainer(containerd, pod, { image: imageA });
      await startPodContainer(containerd, id);
      await waitFor('the use', () => uses(history.current(), imageA) === 1);
      expect(uses(history.current(), imageB)).toBe(0);
      await stopPodContainer(containerd, id);
      await removePod(containerd, pod);
      await waitFor('its end', () => uses(history.current(), imageA) === 0);
      expect(lastUse(history.current(), imageA, Date.now())).toMatchObject({ wasUsed: true });
      expect(lastUse(history.current(), imageA, Date.now())?.idleMs).toBeLessThan(Date.now() - beganMs);
      expect(lastUse(history.current(), imageB, Date.now())).toMatchObject({ wasUsed: false });
      expect(reports.filter(({ event }) => event === 'history.interrupted')).toEqual([]);
    });

    it('continues after the connection was cut', async () => {
      const synced = reports.filter(({ event }) => event === 'history.synced').length;
      proxy.cutAll();
      // Who only asks now and then need not notice.
      if (hasStream) {
        await waitFor(
          'the next list',
          () => reports.filter(({ event }) => event === 'history.synced').length > synced,
        );
      }
      const pod = await runPod(containerd, { name: 'two' });
      await createPodContainer(containerd, pod, { image: imageB });
      await waitFor('the use', () => uses(history.current(), imageB) === 1);
      await removePod(containerd, pod);
      await waitFor('its end', () => uses(history.current(), imageB) === 0);
    });

    it(hasStream ? 'asks for no list while it listens' : 'asks now and then', async () => {
      expect(proxy.count('/GetContainerEvents')).toBeGreaterThan(0);
      const lists = proxy.count('/ListContainers');
      if (hasStream) {
        await startPodContainer(
          containerd,
          await createPodContainer(containerd, await runPod(containerd, { name: 'three' }), {
            image: imageA,
          }),
        );
        await waitFor('the use', () => uses(history.current(), imageA) === 1);
        expect(proxy.count('/ListContainers')).toBe(lists);
      } else await waitFor('another list', () => proxy.count('/ListContainers') > lists);
    });
  });
}
