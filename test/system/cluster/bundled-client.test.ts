/** The Kubernetes client as the one bundled file carries it: other text than the sources run, so it is tried on its own. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test, vi } from 'vitest';
import { slimKubernetes } from '../../../scripts/bundle/slim-kubernetes.ts';
import { temporaryFolder } from '../../unit/disk/walk/tree.ts';

vi.setConfig({ testTimeout: 60_000 });

test('the client in the bundle reads a kubeconfig', async () => {
  const outfile = join(temporaryFolder(), 'bundle.cjs');
  const server = 'https://127.0.0.1:1';
  await build({
    stdin: {
      contents: `void import('@kubernetes/client-node/dist/config.js').then(({ KubeConfig }) => {
        const config = new KubeConfig();
        config.loadFromClusterAndUser({ name: 'c', server: '${server}' }, { name: 'u', token: 't' });
        const text = config.exportConfig();
        const again = new KubeConfig();
        again.loadFromString(text);
        console.log(again.getCurrentCluster().server);
      });`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    plugins: [slimKubernetes(new Set())],
    outfile,
  });
  const run = spawnSync(process.execPath, [outfile], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.stdout.trim()).toBe(server);
});
