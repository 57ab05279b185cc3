/** How pods hold images, on every CRI runtime. */
import {
  createPodContainer,
  type CriRuntime,
  type Pod,
  startPodContainer,
  stopPodContainer,
} from '../../harness/engine/cri/pods.ts';
import type { EngineUnderTest, Holder } from './fixture.ts';

/** @param podFor makes a pod, @param release removes it. */
export function podHolders(
  runtime: CriRuntime,
  podFor: (what: string) => Promise<Pod>,
  release: (pod: Pod) => Promise<void>,
): Pick<EngineUnderTest, 'hold' | 'mount'> {
  const holder = (pod: Pod, id: string): Holder => ({
    name: `${pod.name}/main`,
    release: async () => {
      // A pod's end waits for its containers, which would run forever.
      await stopPodContainer(runtime, id);
      await release(pod);
    },
  });
  return {
    async hold(image, state) {
      const pod = await podFor(state);
      const id = await createPodContainer(runtime, pod, { image });
      if (state !== 'created') await startPodContainer(runtime, id);
      if (state === 'exited') await stopPodContainer(runtime, id);
      return holder(pod, id);
    },

    async mount(image, of) {
      const pod = await podFor('mounts');
      try {
        const id = await createPodContainer(runtime, pod, { image: of, mounts: { '/mounted': image } });
        await startPodContainer(runtime, id);
        return holder(pod, id);
      } catch {
        await release(pod);
        return undefined;
      }
    },
  };
}
