/** A store too large to be loaded into an engine within a test, as the plain data that the server is shown. */
import type { View } from '../../src/events/listener.ts';
import { bigStore } from '../../bench/scale/store.ts';
import { type HttpSurface, startHttp } from '../../src/surfaces/http/http.ts';
import { rulesWith } from '../../harness/program/plan-rules.ts';

export function largeView(images: number, layers: number): View {
  const store = bigStore(images, layers, 1);
  const used = [...store.layers.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    engine: {
      name: 'Docker Engine',
      version: '1',
      apiVersion: '1.41',
      rootDirectory: '/var/lib/docker',
      storageDriver: 'overlay2',
      endpoint: 'unix:///var/run/docker.sock',
    },
    dataRoot: undefined,
    space: { problem: 'This store is on no disk.' },
    snapshot: {
      takenAtMs: Date.now(),
      usage: {
        path: '/var/lib/docker',
        bytes: { total: Math.round(used / 0.75), available: Math.round(used / 3) },
        inodes: { total: 1e7, available: 9e6 },
        allocated: undefined,
      },
      layerSource: 'made up for a test',
      store,
    },
  };
}

/** The real server, shown a view. */
export async function serveView(
  view: View,
): Promise<{ url: string; show: HttpSurface['observed']; close: () => Promise<void> }> {
  const surface = await startHttp({
    address: { host: '127.0.0.1', port: 0 },
    rules: rulesWith({ thresholds: { type: 'relative', high: 80, low: 60 } }),
    intervalSeconds: 300,
    timeoutSeconds: 300,
    dryRun: false,
    cordons: false,
    followsHistory: false,
  });
  surface.observed(view);
  const [{ url } = { url: '' }] = surface.listeners;
  return { url, show: surface.observed, close: surface.close };
}
