/**
 * A runtime that knows events but sends none, like CRI-O unless they are enabled: it ends the stream at once, or with
 * an error of its own. It is polled, and the history is not interrupted.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCriEngine } from '../../../src/engine/cri/cri-engine.ts';
import type { DaemonEvent } from '../../../src/events/events.ts';
import { startHistory } from '../../../src/history/history.ts';
import { type Containerd, startContainerd } from '../../../harness/engine/containerd.ts';
import { removePod, runPod, createPodContainer } from '../../../harness/engine/cri/pods.ts';
import { isCall, startGrpcProxy } from '../../../harness/wire/grpc-proxy.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { importEach } from './scenario.ts';
import { imagesOnBase } from '../scenario.ts';

let containerd: Containerd;
let image: string;

beforeAll(async () => {
  containerd = await startContainerd();
  image = (await importEach(containerd, imagesOnBase({ used: 1 })))['used'] ?? '';
});

afterAll(async () => {
  await containerd.dispose();
});

describe.each([
  ['ends the stream at once', { status: 0 }],
  ['refuses it', { status: 2, body: 'pods are not enabled to produce container events' }],
] as const)('a runtime that %s', (what, respond) => {
  it('is asked for its containers, and their use is known', async () => {
    const path = `${containerd.disk.workspace.path}/${respond.status}.sock`;
    const proxy = await startGrpcProxy(containerd.socketPath, path);
    proxy.addRule({ match: isCall('GetContainerEvents'), respond });
    const reports: DaemonEvent[] = [];
    const history = await startHistory(
      {
        engine: createCriEngine(proxy.endpoint, {
          findSocket: () => Promise.resolve(proxy.socketPath),
          timeoutMs: 20_000,
          pollTimes: { containersMs: 50, imagesMs: 600_000 },
        }),
        stateFile: undefined,
        recordTrace: undefined,
        report: (event) => reports.push(event),
        clock: Date.now,
        tuning: { retryLimitMs: 1000 },
      },
      new AbortController().signal,
    );
    try {
      await history.synced;
      const uses = (): number => history.current().images.get(image)?.active ?? 0;
      const pod = await runPod(containerd, { name: `pod-${respond.status}` });
      await createPodContainer(containerd, pod, { image });
      await waitFor('the use', () => uses() === 1);
      await removePod(containerd, pod);
      await waitFor('its end', () => uses() === 0);
      expect(reports.filter(({ event }) => event === 'history.interrupted')).toEqual([]);
      expect(proxy.count('/GetContainerEvents'), what).toBe(1);
    } finally {
      await history.close();
      proxy.dispose();
    }
  });
});
