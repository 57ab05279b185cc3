/** kubelet's thresholds, read through a real API server's proxy to the node, and compared with ours. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answerAsKubelet, applyRole, type KubeletAnswers } from './kubelet.ts';
import { never, startScene, type Scene } from './scene.ts';

let scene: Scene;
let kubelet: KubeletAnswers;

beforeAll(async () => {
  scene = await startScene();
  kubelet = await answerAsKubelet(scene);
});
afterEach(async () => {
  await scene.reset();
});
afterAll(async () => {
  kubelet.close();
  await scene.dispose();
});

describe('kubelet’s own collection of images', () => {
  const high = (percent: number) => ({ type: 'relative', high: percent }) as const;

  it('is reported when it begins before ours, and not otherwise', async () => {
    await applyRole(scene, ['rbac.readKubeletConfig=true']);
    const { cluster } = await scene.connect(await kubelet.node());
    kubelet.configz = { kubeletconfig: { imageGCHighThresholdPercent: 85, imageGCLowThresholdPercent: 80 } };
    expect(await cluster.checkKubelet(high(84), never)).toBeUndefined();
    expect(kubelet.asked).toEqual(['/configz']);
    expect(await cluster.checkKubelet(high(85), never)).toMatch(
      /HIGH=85 is not below the 85% .*imageGCHighThresholdPercent/,
    );
    expect(await cluster.checkKubelet({ type: 'absolute', high: 4e10 }, never)).toBeUndefined();
    kubelet.configz = {
      kubeletconfig: { imageGCHighThresholdPercent: 100, evictionHard: { 'imagefs.available': '15%' } },
    };
    expect(await cluster.checkKubelet(high(84), never)).toBeUndefined();
    expect(await cluster.checkKubelet(high(90), never)).toContain('evictionHard imagefs.available');
    kubelet.configz = { kubeletconfig: { evictionHard: { 'imagefs.available': '10Gi' } } };
    expect(await cluster.checkKubelet(high(99), never)).toBeUndefined();
  });

  it('is not reported without the permission, which the chart grants only on request', async () => {
    await applyRole(scene, []);
    const { cluster, reports } = await scene.connect(await kubelet.node());
    kubelet.configz = { kubeletconfig: { imageGCHighThresholdPercent: 1 } };
    expect(await cluster.checkKubelet(high(99), never)).toBeUndefined();
    expect(kubelet.asked).toEqual([]);
    expect(reports).toEqual([]);
  });

  it.each([[null], ['x'], [{}], [{ kubeletconfig: { imageGCHighThresholdPercent: 'high' } }]])(
    'is not reported when kubelet answers %j',
    async (answer) => {
      await applyRole(scene, ['rbac.readKubeletConfig=true']);
      const { cluster } = await scene.connect(await kubelet.node());
      kubelet.configz = answer;
      expect(await cluster.checkKubelet(high(99), never)).toBeUndefined();
    },
  );
});
