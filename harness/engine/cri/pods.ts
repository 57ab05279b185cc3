/** Pods made through the Container Runtime Interface, on the host's network, as kubelet would make them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../../machine/disk.ts';
import type { CriClient } from './client.ts';

/** A CRI runtime under test: containerd, CRI-O. */
export interface CriRuntime {
  readonly cri: CriClient;
  readonly disk: Disk;
}

export interface PodOptions {
  readonly name: string;
  /** Of a static pod, the annotation that kubelet gives it. */
  readonly isStatic?: boolean;
  /** Whether its containers share a namespace of processes (`POD`, the default) or have one each, as kubelet's do. */
  readonly pid?: 'POD' | 'CONTAINER';
}

export interface Pod {
  readonly id: string;
  /** The request's `config`, which containers repeat. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly pid: 'POD' | 'CONTAINER';
}

/** Starts a pod's sandbox. */
export async function runPod(
  runtime: CriRuntime,
  { name, isStatic = false, pid = 'POD' }: PodOptions,
): Promise<Pod> {
  const { workspace } = runtime.disk;
  const logs = join(workspace.path, 'logs', name);
  mkdirSync(logs, { recursive: true });
  const config = {
    metadata: { name, uid: `uid-${name}`, namespace: 'default', attempt: 0 },
    log_directory: logs,
    labels: { 'io.kubernetes.pod.name': name, 'io.kubernetes.pod.namespace': 'default' },
    annotations: isStatic ? { 'kubernetes.io/config.source': 'file' } : {},
    linux: {
      cgroup_parent: `/${workspace.name}`,
      security_context: { namespace_options: { network: 'NODE', pid } },
    },
  };
  const answer = (await runtime.cri.call('RuntimeService/RunPodSandbox', { config })) as {
    pod_sandbox_id: string;
  };
  return { id: answer.pod_sandbox_id, config, name, pid };
}

export interface ContainerOptions {
  /** As kubelet names it: an image ID, or a name. */
  readonly image: string;
  readonly name?: string;
  readonly command?: readonly string[];
  /** Images to mount, by container path. */
  readonly mounts?: Readonly<Record<string, string>>;
}

/** Creates a container in a pod; returns its ID. */
export async function createPodContainer(
  runtime: CriRuntime,
  pod: Pod,
  { image, name = 'main', command = ['/bin/sleep', '1000000'], mounts = {} }: ContainerOptions,
): Promise<string> {
  const answer = (await runtime.cri.call('RuntimeService/CreateContainer', {
    pod_sandbox_id: pod.id,
    sandbox_config: pod.config,
    config: {
      metadata: { name, attempt: 0 },
      image: { image, user_specified_image: image },
      command,
      labels: { 'io.kubernetes.pod.name': pod.name, 'io.kubernetes.container.name': name },
      mounts: Object.entries(mounts).map(([path, mounted]) => ({
        container_path: path,
        readonly: true,
        image: { image: mounted, user_specified_image: mounted },
      })),
      log_path: `${name}.log`,
      linux: { security_context: { namespace_options: { network: 'NODE', pid: pod.pid } } },
    },
  })) as { container_id: string };
  return answer.container_id;
}

export async function startPodContainer({ cri }: CriRuntime, id: string): Promise<void> {
  await cri.call('RuntimeService/StartContainer', { container_id: id });
}

/** A pod with one running container; returns the container's ID. */
export async function runPodWith(runtime: CriRuntime, name: string, image: string): Promise<string> {
  const pod = await runPod(runtime, { name });
  const id = await createPodContainer(runtime, pod, { image });
  await startPodContainer(runtime, id);
  return id;
}

export async function stopPodContainer({ cri }: CriRuntime, id: string): Promise<void> {
  await cri.call('RuntimeService/StopContainer', { container_id: id, timeout: 0 });
}

export async function removePodContainer({ cri }: CriRuntime, id: string): Promise<void> {
  await cri.call('RuntimeService/RemoveContainer', { container_id: id });
}

/** Removes a pod with its containers. */
export async function removePod({ cri }: CriRuntime, { id }: Pick<Pod, 'id'>): Promise<void> {
  await cri.call('RuntimeService/StopPodSandbox', { pod_sandbox_id: id });
  await cri.call('RuntimeService/RemovePodSandbox', { pod_sandbox_id: id });
}
