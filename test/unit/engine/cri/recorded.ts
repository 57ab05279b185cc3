/** Recorded answers of CRI-O 1.37 (cri-o/*.json), through the wire's encoding into what the adapter is given. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import * as cri from '../../../../src/engine/cri/generated/api.ts';

const root = join(import.meta.dirname, '../../../..');
const definition = loadSync(join(root, 'src/engine/cri/api.proto'), { keepCase: true });

function encoded(service: 'ImageService' | 'RuntimeService', method: string, file: string): Buffer {
  const { [method]: call } = definition[`runtime.v1.${service}`] as ServiceDefinition;
  if (call === undefined) throw new Error(`${service} has no ${method}`);
  const json: unknown = JSON.parse(readFileSync(join(import.meta.dirname, 'cri-o', `${file}.json`), 'utf8'));
  return call.responseSerialize(json as object);
}

export const recorded = {
  listImages: (file: string) => cri.ListImagesResponse.decode(encoded('ImageService', 'ListImages', file)),
  imageStatus: (file: string) => cri.ImageStatusResponse.decode(encoded('ImageService', 'ImageStatus', file)),
  imageFsInfo: (file: string) => cri.ImageFsInfoResponse.decode(encoded('ImageService', 'ImageFsInfo', file)),
  listContainers: () =>
    cri.ListContainersResponse.decode(encoded('RuntimeService', 'ListContainers', 'ListContainers')),
  listPodSandbox: () =>
    cri.ListPodSandboxResponse.decode(encoded('RuntimeService', 'ListPodSandbox', 'ListPodSandbox')),
  podSandboxStatus: (file: string) =>
    cri.PodSandboxStatusResponse.decode(encoded('RuntimeService', 'PodSandboxStatus', file)),
  containerStatus: (file: string) =>
    cri.ContainerStatusResponse.decode(encoded('RuntimeService', 'ContainerStatus', file)),
  status: () => cri.StatusResponse.decode(encoded('RuntimeService', 'Status', 'Status-verbose')),
};
