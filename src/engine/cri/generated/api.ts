// Made by `npm run proto:generate` from src/engine/cri/api.proto (digest 30b6e8422d13c3d997ff18740d2887e64d700cb6bde73e0dcab2aa3a1482638f). Do not edit.
// @ts-nocheck

import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

export const protobufPackage = 'runtime.v1';

export const protobufFileName = 'api.proto';

/**
 * The part of Kubernetes' Container Runtime Interface that the cleaner uses: names and numbers are those of the
 * published definition, k8s.io/cri-api/pkg/apis/runtime/v1/api.proto (Apache License 2.0), with which a test compares
 * this file. What is left out here is left out on the wire, or skipped when it is read, as protocol buffers do with
 * fields that they do not know. `npm run proto:generate` makes api.ts from this.
 */

export const PodSandboxState = { SANDBOX_READY: 0, SANDBOX_NOTREADY: 1, UNRECOGNIZED: -1 } as const;

export type PodSandboxState = (typeof PodSandboxState)[keyof typeof PodSandboxState];

export namespace PodSandboxState {
  export type SANDBOX_READY = typeof PodSandboxState.SANDBOX_READY;
  export type SANDBOX_NOTREADY = typeof PodSandboxState.SANDBOX_NOTREADY;
  export type UNRECOGNIZED = typeof PodSandboxState.UNRECOGNIZED;
}

export const ContainerState = {
  CONTAINER_CREATED: 0,
  CONTAINER_RUNNING: 1,
  CONTAINER_EXITED: 2,
  CONTAINER_UNKNOWN: 3,
  UNRECOGNIZED: -1,
} as const;

export type ContainerState = (typeof ContainerState)[keyof typeof ContainerState];

export namespace ContainerState {
  export type CONTAINER_CREATED = typeof ContainerState.CONTAINER_CREATED;
  export type CONTAINER_RUNNING = typeof ContainerState.CONTAINER_RUNNING;
  export type CONTAINER_EXITED = typeof ContainerState.CONTAINER_EXITED;
  export type CONTAINER_UNKNOWN = typeof ContainerState.CONTAINER_UNKNOWN;
  export type UNRECOGNIZED = typeof ContainerState.UNRECOGNIZED;
}

export const ContainerEventType = {
  CONTAINER_CREATED_EVENT: 0,
  CONTAINER_STARTED_EVENT: 1,
  CONTAINER_STOPPED_EVENT: 2,
  CONTAINER_DELETED_EVENT: 3,
  UNRECOGNIZED: -1,
} as const;

export type ContainerEventType = (typeof ContainerEventType)[keyof typeof ContainerEventType];

export namespace ContainerEventType {
  export type CONTAINER_CREATED_EVENT = typeof ContainerEventType.CONTAINER_CREATED_EVENT;
  export type CONTAINER_STARTED_EVENT = typeof ContainerEventType.CONTAINER_STARTED_EVENT;
  export type CONTAINER_STOPPED_EVENT = typeof ContainerEventType.CONTAINER_STOPPED_EVENT;
  export type CONTAINER_DELETED_EVENT = typeof ContainerEventType.CONTAINER_DELETED_EVENT;
  export type UNRECOGNIZED = typeof ContainerEventType.UNRECOGNIZED;
}

export interface VersionRequest {
  version: string;
}

export interface VersionResponse {
  version: string;
  runtimeName: string;
  runtimeVersion: string;
  runtimeApiVersion: string;
}

export interface StatusRequest {
  verbose: boolean;
}

export interface StatusResponse {
  info: { [key: string]: string };
}

export interface StatusResponse_InfoEntry {
  key: string;
  value: string;
}

export interface ListPodSandboxRequest {}

export interface PodSandboxMetadata {
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
}

export interface PodSandbox {
  id: string;
  metadata: PodSandboxMetadata | undefined;
  state: PodSandboxState;
  createdAt: bigint;
  labels: { [key: string]: string };
  annotations: { [key: string]: string };
}

export interface PodSandbox_LabelsEntry {
  key: string;
  value: string;
}

export interface PodSandbox_AnnotationsEntry {
  key: string;
  value: string;
}

export interface ListPodSandboxResponse {
  items: PodSandbox[];
}

export interface PodSandboxStatusRequest {
  podSandboxId: string;
  verbose: boolean;
}

export interface PodSandboxStatus {
  id: string;
  metadata: PodSandboxMetadata | undefined;
  state: PodSandboxState;
  createdAt: bigint;
  annotations: { [key: string]: string };
}

export interface PodSandboxStatus_AnnotationsEntry {
  key: string;
  value: string;
}

export interface PodSandboxStatusResponse {
  status: PodSandboxStatus | undefined;
  info: { [key: string]: string };
}

export interface PodSandboxStatusResponse_InfoEntry {
  key: string;
  value: string;
}

export interface ImageSpec {
  image: string;
  annotations: { [key: string]: string };
  userSpecifiedImage: string;
}

export interface ImageSpec_AnnotationsEntry {
  key: string;
  value: string;
}

export interface ListContainersRequest {}

export interface ContainerMetadata {
  name: string;
  attempt: number;
}

export interface Container {
  id: string;
  podSandboxId: string;
  metadata: ContainerMetadata | undefined;
  image: ImageSpec | undefined;
  imageRef: string;
  state: ContainerState;
  createdAt: bigint;
  labels: { [key: string]: string };
  annotations: { [key: string]: string };
  imageId: string;
}

export interface Container_LabelsEntry {
  key: string;
  value: string;
}

export interface Container_AnnotationsEntry {
  key: string;
  value: string;
}

export interface ListContainersResponse {
  containers: Container[];
}

export interface ContainerStatusRequest {
  containerId: string;
  verbose: boolean;
}

export interface Mount {
  image: ImageSpec | undefined;
}

export interface ContainerStatus {
  id: string;
  metadata: ContainerMetadata | undefined;
  state: ContainerState;
  createdAt: bigint;
  finishedAt: bigint;
  image: ImageSpec | undefined;
  imageRef: string;
  labels: { [key: string]: string };
  annotations: { [key: string]: string };
  mounts: Mount[];
  imageId: string;
}

export interface ContainerStatus_LabelsEntry {
  key: string;
  value: string;
}

export interface ContainerStatus_AnnotationsEntry {
  key: string;
  value: string;
}

export interface ContainerStatusResponse {
  status: ContainerStatus | undefined;
}

export interface ListImagesRequest {}

export interface Image {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  size: bigint;
  spec: ImageSpec | undefined;
  pinned: boolean;
}

export interface ListImagesResponse {
  images: Image[];
}

export interface ImageStatusRequest {
  image: ImageSpec | undefined;
  verbose: boolean;
}

export interface ImageStatusResponse {
  image: Image | undefined;
  info: { [key: string]: string };
}

export interface ImageStatusResponse_InfoEntry {
  key: string;
  value: string;
}

export interface RemoveImageRequest {
  image: ImageSpec | undefined;
}

export interface RemoveImageResponse {}

export interface ImageFsInfoRequest {}

export interface UInt64Value {
  value: bigint;
}

export interface FilesystemIdentifier {
  mountpoint: string;
}

export interface FilesystemUsage {
  timestamp: bigint;
  fsId: FilesystemIdentifier | undefined;
  usedBytes: UInt64Value | undefined;
  inodesUsed: UInt64Value | undefined;
}

export interface ImageFsInfoResponse {
  imageFilesystems: FilesystemUsage[];
}

export interface GetEventsRequest {}

export interface ContainerEventResponse {
  containerId: string;
  containerEventType: ContainerEventType;
  createdAt: bigint;
  podSandboxStatus: PodSandboxStatus | undefined;
  containersStatuses: ContainerStatus[];
}

export const VersionRequest: MessageFns<VersionRequest> = {
  encode(message: VersionRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.version !== '') {
      writer.uint32(10).string(message.version);
    }
    return writer;
  },

  decode(_: BinaryReader | Uint8Array, length?: number): VersionRequest {
    throw new Error('decode not generated for VersionRequest');
  },
};

function createBaseVersionResponse(): VersionResponse {
  return { version: '', runtimeName: '', runtimeVersion: '', runtimeApiVersion: '' };
}

export const VersionResponse: MessageFns<VersionResponse> = {
  encode(_: VersionResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for VersionResponse');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): VersionResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseVersionResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.version = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.runtimeName = reader.string();
            continue;
          }
          case 3: {
            if (tag !== 26) {
              break;
            }

            message.runtimeVersion = reader.string();
            continue;
          }
          case 4: {
            if (tag !== 34) {
              break;
            }

            message.runtimeApiVersion = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

export const StatusRequest: MessageFns<StatusRequest> = {
  encode(message: StatusRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.verbose !== false) {
      writer.uint32(8).bool(message.verbose);
    }
    return writer;
  },

  decode(_: BinaryReader | Uint8Array, length?: number): StatusRequest {
    throw new Error('decode not generated for StatusRequest');
  },
};

function createBaseStatusResponse(): StatusResponse {
  return { info: {} };
}

export const StatusResponse: MessageFns<StatusResponse> = {
  encode(_: StatusResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for StatusResponse');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): StatusResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseStatusResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 2: {
            if (tag !== 18) {
              break;
            }

            const entry2 = StatusResponse_InfoEntry.decode(reader, reader.uint32());
            if (entry2.value !== undefined) {
              message.info[entry2.key] = entry2.value;
            }
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseStatusResponse_InfoEntry(): StatusResponse_InfoEntry {
  return { key: '', value: '' };
}

export const StatusResponse_InfoEntry: MessageFns<StatusResponse_InfoEntry> = {
  encode(message: StatusResponse_InfoEntry, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.key !== '') {
      writer.uint32(10).string(message.key);
    }
    if (message.value !== '') {
      writer.uint32(18).string(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): StatusResponse_InfoEntry {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseStatusResponse_InfoEntry();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.key = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.value = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

export const ListPodSandboxRequest: MessageFns<ListPodSandboxRequest> = {
  encode(_: ListPodSandboxRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    return writer;
  },

  decode(_: BinaryReader | Uint8Array, length?: number): ListPodSandboxRequest {
    throw new Error('decode not generated for ListPodSandboxRequest');
  },
};

function createBasePodSandboxMetadata(): PodSandboxMetadata {
  return { name: '', uid: '', namespace: '', attempt: 0 };
}

export const PodSandboxMetadata: MessageFns<PodSandboxMetadata> = {
  encode(_: PodSandboxMetadata, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for PodSandboxMetadata');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): PodSandboxMetadata {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBasePodSandboxMetadata();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.name = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.uid = reader.string();
            continue;
          }
          case 3: {
            if (tag !== 26) {
              break;
            }

            message.namespace = reader.string();
            continue;
          }
          case 4: {
            if (tag !== 32) {
              break;
            }

            message.attempt = reader.uint32();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBasePodSandbox(): PodSandbox {
  return { id: '', metadata: undefined, state: 0, createdAt: 0n, labels: {}, annotations: {} };
}

export const PodSandbox: MessageFns<PodSandbox> = {
  encode(_: PodSandbox, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for PodSandbox');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): PodSandbox {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBasePodSandbox();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.id = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.metadata = PodSandboxMetadata.decode(reader, reader.uint32());
            continue;
          }
          case 3: {
            if (tag !== 24) {
              break;
            }

            message.state = reader.int32() as any;
            continue;
          }
          case 4: {
            if (tag !== 32) {
              break;
            }

            message.createdAt = reader.int64() as bigint;
            continue;
          }
          case 5: {
            if (tag !== 42) {
              break;
            }

            const entry5 = PodSandbox_LabelsEntry.decode(reader, reader.uint32());
            if (entry5.value !== undefined) {
              message.labels[entry5.key] = entry5.value;
            }
            continue;
          }
          case 6: {
            if (tag !== 50) {
              break;
            }

            const entry6 = PodSandbox_AnnotationsEntry.decode(reader, reader.uint32());
            if (entry6.value !== undefined) {
              message.annotations[entry6.key] = entry6.value;
            }
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBasePodSandbox_LabelsEntry(): PodSandbox_LabelsEntry {
  return { key: '', value: '' };
}

export const PodSandbox_LabelsEntry: MessageFns<PodSandbox_LabelsEntry> = {
  encode(message: PodSandbox_LabelsEntry, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.key !== '') {
      writer.uint32(10).string(message.key);
    }
    if (message.value !== '') {
      writer.uint32(18).string(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): PodSandbox_LabelsEntry {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBasePodSandbox_LabelsEntry();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.key = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.value = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBasePodSandbox_AnnotationsEntry(): PodSandbox_AnnotationsEntry {
  return { key: '', value: '' };
}

export const PodSandbox_AnnotationsEntry: MessageFns<PodSandbox_AnnotationsEntry> = {
  encode(message: PodSandbox_AnnotationsEntry, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.key !== '') {
      writer.uint32(10).string(message.key);
    }
    if (message.value !== '') {
      writer.uint32(18).string(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): PodSandbox_AnnotationsEntry {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBasePodSandbox_AnnotationsEntry();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.key = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.value = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseListPodSandboxResponse(): ListPodSandboxResponse {
  return { items: [] };
}

export const ListPodSandboxResponse: MessageFns<ListPodSandboxResponse> = {
  encode(_: ListPodSandboxResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for ListPodSandboxResponse');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ListPodSandboxResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseListPodSandboxResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.items.push(PodSandbox.decode(reader, reader.uint32()));
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

export const PodSandboxStatusRequest: MessageFns<PodSandboxStatusRequest> = {
  encode(message: PodSandboxStatusRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.podSandboxId !== '') {
      writer.uint32(10).string(message.podSandboxId);
    }
    if (message.verbose !== false) {
      writer.uint32(16).bool(message.verbose);
    }
    return writer;
  },

  decode(_: BinaryReader | Uint8Array, length?: number): PodSandboxStatusRequest {
    throw new Error('decode not generated for PodSandboxStatusRequest');
  },
};

function createBasePodSandboxStatus(): PodSandboxStatus {
  return { id: '', metadata: undefined, state: 0, createdAt: 0n, annotations: {} };
}

export const PodSandboxStatus: MessageFns<PodSandboxStatus> = {
  encode(_: PodSandboxStatus, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for PodSandboxStatus');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): PodSandboxStatus {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBasePodSandboxStatus();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.id = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.metadata = PodSandboxMetadata.decode(reader, reader.uint32());
            continue;
          }
          case 3: {
            if (tag !== 24) {
              break;
            }

            message.state = reader.int32() as any;
            continue;
          }
          case 4: {
            if (tag !== 32) {
              break;
            }

            message.createdAt = reader.int64() as bigint;
            continue;
          }
          case 8: {
            if (tag !== 66) {
              break;
            }

            const entry8 = PodSandboxStatus_AnnotationsEntry.decode(reader, reader.uint32());
            if (entry8.value !== undefined) {
              message.annotations[entry8.key] = entry8.value;
            }
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBasePodSandboxStatus_AnnotationsEntry(): PodSandboxStatus_AnnotationsEntry {
  return { key: '', value: '' };
}

export const PodSandboxStatus_AnnotationsEntry: MessageFns<PodSandboxStatus_AnnotationsEntry> = {
  encode(
    message: PodSandboxStatus_AnnotationsEntry,
    writer: BinaryWriter = new BinaryWriter(),
  ): BinaryWriter {
    if (message.key !== '') {
      writer.uint32(10).string(message.key);
    }
    if (message.value !== '') {
      writer.uint32(18).string(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): PodSandboxStatus_AnnotationsEntry {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBasePodSandboxStatus_AnnotationsEntry();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.key = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.value = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBasePodSandboxStatusResponse(): PodSandboxStatusResponse {
  return { status: undefined, info: {} };
}

export const PodSandboxStatusResponse: MessageFns<PodSandboxStatusResponse> = {
  encode(_: PodSandboxStatusResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for PodSandboxStatusResponse');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): PodSandboxStatusResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBasePodSandboxStatusResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.status = PodSandboxStatus.decode(reader, reader.uint32());
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            const entry2 = PodSandboxStatusResponse_InfoEntry.decode(reader, reader.uint32());
            if (entry2.value !== undefined) {
              message.info[entry2.key] = entry2.value;
            }
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBasePodSandboxStatusResponse_InfoEntry(): PodSandboxStatusResponse_InfoEntry {
  return { key: '', value: '' };
}

export const PodSandboxStatusResponse_InfoEntry: MessageFns<PodSandboxStatusResponse_InfoEntry> = {
  encode(
    message: PodSandboxStatusResponse_InfoEntry,
    writer: BinaryWriter = new BinaryWriter(),
  ): BinaryWriter {
    if (message.key !== '') {
      writer.uint32(10).string(message.key);
    }
    if (message.value !== '') {
      writer.uint32(18).string(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): PodSandboxStatusResponse_InfoEntry {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBasePodSandboxStatusResponse_InfoEntry();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.key = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.value = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseImageSpec(): ImageSpec {
  return { image: '', annotations: {}, userSpecifiedImage: '' };
}

export const ImageSpec: MessageFns<ImageSpec> = {
  encode(message: ImageSpec, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.image !== '') {
      writer.uint32(10).string(message.image);
    }
    globalThis.Object.entries(message.annotations).forEach(([key, value]: [string, string]) => {
      ImageSpec_AnnotationsEntry.encode({ key: key as any, value }, writer.uint32(18).fork()).join();
    });
    if (message.userSpecifiedImage !== '') {
      writer.uint32(146).string(message.userSpecifiedImage);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ImageSpec {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseImageSpec();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.image = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            const entry2 = ImageSpec_AnnotationsEntry.decode(reader, reader.uint32());
            if (entry2.value !== undefined) {
              message.annotations[entry2.key] = entry2.value;
            }
            continue;
          }
          case 18: {
            if (tag !== 146) {
              break;
            }

            message.userSpecifiedImage = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseImageSpec_AnnotationsEntry(): ImageSpec_AnnotationsEntry {
  return { key: '', value: '' };
}

export const ImageSpec_AnnotationsEntry: MessageFns<ImageSpec_AnnotationsEntry> = {
  encode(message: ImageSpec_AnnotationsEntry, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.key !== '') {
      writer.uint32(10).string(message.key);
    }
    if (message.value !== '') {
      writer.uint32(18).string(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ImageSpec_AnnotationsEntry {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseImageSpec_AnnotationsEntry();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.key = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.value = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

export const ListContainersRequest: MessageFns<ListContainersRequest> = {
  encode(_: ListContainersRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    return writer;
  },

  decode(_: BinaryReader | Uint8Array, length?: number): ListContainersRequest {
    throw new Error('decode not generated for ListContainersRequest');
  },
};

function createBaseContainerMetadata(): ContainerMetadata {
  return { name: '', attempt: 0 };
}

export const ContainerMetadata: MessageFns<ContainerMetadata> = {
  encode(_: ContainerMetadata, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for ContainerMetadata');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ContainerMetadata {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseContainerMetadata();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.name = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 16) {
              break;
            }

            message.attempt = reader.uint32();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseContainer(): Container {
  return {
    id: '',
    podSandboxId: '',
    metadata: undefined,
    image: undefined,
    imageRef: '',
    state: 0,
    createdAt: 0n,
    labels: {},
    annotations: {},
    imageId: '',
  };
}

export const Container: MessageFns<Container> = {
  encode(_: Container, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for Container');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): Container {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseContainer();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.id = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.podSandboxId = reader.string();
            continue;
          }
          case 3: {
            if (tag !== 26) {
              break;
            }

            message.metadata = ContainerMetadata.decode(reader, reader.uint32());
            continue;
          }
          case 4: {
            if (tag !== 34) {
              break;
            }

            message.image = ImageSpec.decode(reader, reader.uint32());
            continue;
          }
          case 5: {
            if (tag !== 42) {
              break;
            }

            message.imageRef = reader.string();
            continue;
          }
          case 6: {
            if (tag !== 48) {
              break;
            }

            message.state = reader.int32() as any;
            continue;
          }
          case 7: {
            if (tag !== 56) {
              break;
            }

            message.createdAt = reader.int64() as bigint;
            continue;
          }
          case 8: {
            if (tag !== 66) {
              break;
            }

            const entry8 = Container_LabelsEntry.decode(reader, reader.uint32());
            if (entry8.value !== undefined) {
              message.labels[entry8.key] = entry8.value;
            }
            continue;
          }
          case 9: {
            if (tag !== 74) {
              break;
            }

            const entry9 = Container_AnnotationsEntry.decode(reader, reader.uint32());
            if (entry9.value !== undefined) {
              message.annotations[entry9.key] = entry9.value;
            }
            continue;
          }
          case 10: {
            if (tag !== 82) {
              break;
            }

            message.imageId = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseContainer_LabelsEntry(): Container_LabelsEntry {
  return { key: '', value: '' };
}

export const Container_LabelsEntry: MessageFns<Container_LabelsEntry> = {
  encode(message: Container_LabelsEntry, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.key !== '') {
      writer.uint32(10).string(message.key);
    }
    if (message.value !== '') {
      writer.uint32(18).string(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): Container_LabelsEntry {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseContainer_LabelsEntry();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.key = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.value = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseContainer_AnnotationsEntry(): Container_AnnotationsEntry {
  return { key: '', value: '' };
}

export const Container_AnnotationsEntry: MessageFns<Container_AnnotationsEntry> = {
  encode(message: Container_AnnotationsEntry, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.key !== '') {
      writer.uint32(10).string(message.key);
    }
    if (message.value !== '') {
      writer.uint32(18).string(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): Container_AnnotationsEntry {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseContainer_AnnotationsEntry();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.key = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.value = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseListContainersResponse(): ListContainersResponse {
  return { containers: [] };
}

export const ListContainersResponse: MessageFns<ListContainersResponse> = {
  encode(_: ListContainersResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for ListContainersResponse');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ListContainersResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseListContainersResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.containers.push(Container.decode(reader, reader.uint32()));
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

export const ContainerStatusRequest: MessageFns<ContainerStatusRequest> = {
  encode(message: ContainerStatusRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.containerId !== '') {
      writer.uint32(10).string(message.containerId);
    }
    if (message.verbose !== false) {
      writer.uint32(16).bool(message.verbose);
    }
    return writer;
  },

  decode(_: BinaryReader | Uint8Array, length?: number): ContainerStatusRequest {
    throw new Error('decode not generated for ContainerStatusRequest');
  },
};

function createBaseMount(): Mount {
  return { image: undefined };
}

export const Mount: MessageFns<Mount> = {
  encode(_: Mount, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for Mount');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): Mount {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseMount();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 9: {
            if (tag !== 74) {
              break;
            }

            message.image = ImageSpec.decode(reader, reader.uint32());
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseContainerStatus(): ContainerStatus {
  return {
    id: '',
    metadata: undefined,
    state: 0,
    createdAt: 0n,
    finishedAt: 0n,
    image: undefined,
    imageRef: '',
    labels: {},
    annotations: {},
    mounts: [],
    imageId: '',
  };
}

export const ContainerStatus: MessageFns<ContainerStatus> = {
  encode(_: ContainerStatus, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for ContainerStatus');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ContainerStatus {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseContainerStatus();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.id = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.metadata = ContainerMetadata.decode(reader, reader.uint32());
            continue;
          }
          case 3: {
            if (tag !== 24) {
              break;
            }

            message.state = reader.int32() as any;
            continue;
          }
          case 4: {
            if (tag !== 32) {
              break;
            }

            message.createdAt = reader.int64() as bigint;
            continue;
          }
          case 6: {
            if (tag !== 48) {
              break;
            }

            message.finishedAt = reader.int64() as bigint;
            continue;
          }
          case 8: {
            if (tag !== 66) {
              break;
            }

            message.image = ImageSpec.decode(reader, reader.uint32());
            continue;
          }
          case 9: {
            if (tag !== 74) {
              break;
            }

            message.imageRef = reader.string();
            continue;
          }
          case 12: {
            if (tag !== 98) {
              break;
            }

            const entry12 = ContainerStatus_LabelsEntry.decode(reader, reader.uint32());
            if (entry12.value !== undefined) {
              message.labels[entry12.key] = entry12.value;
            }
            continue;
          }
          case 13: {
            if (tag !== 106) {
              break;
            }

            const entry13 = ContainerStatus_AnnotationsEntry.decode(reader, reader.uint32());
            if (entry13.value !== undefined) {
              message.annotations[entry13.key] = entry13.value;
            }
            continue;
          }
          case 14: {
            if (tag !== 114) {
              break;
            }

            message.mounts.push(Mount.decode(reader, reader.uint32()));
            continue;
          }
          case 17: {
            if (tag !== 138) {
              break;
            }

            message.imageId = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseContainerStatus_LabelsEntry(): ContainerStatus_LabelsEntry {
  return { key: '', value: '' };
}

export const ContainerStatus_LabelsEntry: MessageFns<ContainerStatus_LabelsEntry> = {
  encode(message: ContainerStatus_LabelsEntry, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.key !== '') {
      writer.uint32(10).string(message.key);
    }
    if (message.value !== '') {
      writer.uint32(18).string(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ContainerStatus_LabelsEntry {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseContainerStatus_LabelsEntry();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.key = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.value = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseContainerStatus_AnnotationsEntry(): ContainerStatus_AnnotationsEntry {
  return { key: '', value: '' };
}

export const ContainerStatus_AnnotationsEntry: MessageFns<ContainerStatus_AnnotationsEntry> = {
  encode(message: ContainerStatus_AnnotationsEntry, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.key !== '') {
      writer.uint32(10).string(message.key);
    }
    if (message.value !== '') {
      writer.uint32(18).string(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ContainerStatus_AnnotationsEntry {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseContainerStatus_AnnotationsEntry();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.key = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.value = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseContainerStatusResponse(): ContainerStatusResponse {
  return { status: undefined };
}

export const ContainerStatusResponse: MessageFns<ContainerStatusResponse> = {
  encode(_: ContainerStatusResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for ContainerStatusResponse');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ContainerStatusResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseContainerStatusResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.status = ContainerStatus.decode(reader, reader.uint32());
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

export const ListImagesRequest: MessageFns<ListImagesRequest> = {
  encode(_: ListImagesRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    return writer;
  },

  decode(_: BinaryReader | Uint8Array, length?: number): ListImagesRequest {
    throw new Error('decode not generated for ListImagesRequest');
  },
};

function createBaseImage(): Image {
  return { id: '', repoTags: [], repoDigests: [], size: 0n, spec: undefined, pinned: false };
}

export const Image: MessageFns<Image> = {
  encode(_: Image, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for Image');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): Image {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseImage();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.id = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.repoTags.push(reader.string());
            continue;
          }
          case 3: {
            if (tag !== 26) {
              break;
            }

            message.repoDigests.push(reader.string());
            continue;
          }
          case 4: {
            if (tag !== 32) {
              break;
            }

            message.size = reader.uint64() as bigint;
            continue;
          }
          case 7: {
            if (tag !== 58) {
              break;
            }

            message.spec = ImageSpec.decode(reader, reader.uint32());
            continue;
          }
          case 8: {
            if (tag !== 64) {
              break;
            }

            message.pinned = reader.bool();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseListImagesResponse(): ListImagesResponse {
  return { images: [] };
}

export const ListImagesResponse: MessageFns<ListImagesResponse> = {
  encode(_: ListImagesResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for ListImagesResponse');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ListImagesResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseListImagesResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.images.push(Image.decode(reader, reader.uint32()));
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

export const ImageStatusRequest: MessageFns<ImageStatusRequest> = {
  encode(message: ImageStatusRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.image !== undefined) {
      ImageSpec.encode(message.image, writer.uint32(10).fork()).join();
    }
    if (message.verbose !== false) {
      writer.uint32(16).bool(message.verbose);
    }
    return writer;
  },

  decode(_: BinaryReader | Uint8Array, length?: number): ImageStatusRequest {
    throw new Error('decode not generated for ImageStatusRequest');
  },
};

function createBaseImageStatusResponse(): ImageStatusResponse {
  return { image: undefined, info: {} };
}

export const ImageStatusResponse: MessageFns<ImageStatusResponse> = {
  encode(_: ImageStatusResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for ImageStatusResponse');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ImageStatusResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseImageStatusResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.image = Image.decode(reader, reader.uint32());
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            const entry2 = ImageStatusResponse_InfoEntry.decode(reader, reader.uint32());
            if (entry2.value !== undefined) {
              message.info[entry2.key] = entry2.value;
            }
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseImageStatusResponse_InfoEntry(): ImageStatusResponse_InfoEntry {
  return { key: '', value: '' };
}

export const ImageStatusResponse_InfoEntry: MessageFns<ImageStatusResponse_InfoEntry> = {
  encode(message: ImageStatusResponse_InfoEntry, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.key !== '') {
      writer.uint32(10).string(message.key);
    }
    if (message.value !== '') {
      writer.uint32(18).string(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ImageStatusResponse_InfoEntry {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseImageStatusResponse_InfoEntry();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.key = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.value = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

export const RemoveImageRequest: MessageFns<RemoveImageRequest> = {
  encode(message: RemoveImageRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.image !== undefined) {
      ImageSpec.encode(message.image, writer.uint32(10).fork()).join();
    }
    return writer;
  },

  decode(_: BinaryReader | Uint8Array, length?: number): RemoveImageRequest {
    throw new Error('decode not generated for RemoveImageRequest');
  },
};

function createBaseRemoveImageResponse(): RemoveImageResponse {
  return {};
}

export const RemoveImageResponse: MessageFns<RemoveImageResponse> = {
  encode(_: RemoveImageResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for RemoveImageResponse');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): RemoveImageResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseRemoveImageResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

export const ImageFsInfoRequest: MessageFns<ImageFsInfoRequest> = {
  encode(_: ImageFsInfoRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    return writer;
  },

  decode(_: BinaryReader | Uint8Array, length?: number): ImageFsInfoRequest {
    throw new Error('decode not generated for ImageFsInfoRequest');
  },
};

function createBaseUInt64Value(): UInt64Value {
  return { value: 0n };
}

export const UInt64Value: MessageFns<UInt64Value> = {
  encode(_: UInt64Value, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for UInt64Value');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): UInt64Value {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseUInt64Value();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 8) {
              break;
            }

            message.value = reader.uint64() as bigint;
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseFilesystemIdentifier(): FilesystemIdentifier {
  return { mountpoint: '' };
}

export const FilesystemIdentifier: MessageFns<FilesystemIdentifier> = {
  encode(_: FilesystemIdentifier, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for FilesystemIdentifier');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): FilesystemIdentifier {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseFilesystemIdentifier();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.mountpoint = reader.string();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseFilesystemUsage(): FilesystemUsage {
  return { timestamp: 0n, fsId: undefined, usedBytes: undefined, inodesUsed: undefined };
}

export const FilesystemUsage: MessageFns<FilesystemUsage> = {
  encode(_: FilesystemUsage, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for FilesystemUsage');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): FilesystemUsage {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseFilesystemUsage();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 8) {
              break;
            }

            message.timestamp = reader.int64() as bigint;
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.fsId = FilesystemIdentifier.decode(reader, reader.uint32());
            continue;
          }
          case 3: {
            if (tag !== 26) {
              break;
            }

            message.usedBytes = UInt64Value.decode(reader, reader.uint32());
            continue;
          }
          case 4: {
            if (tag !== 34) {
              break;
            }

            message.inodesUsed = UInt64Value.decode(reader, reader.uint32());
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

function createBaseImageFsInfoResponse(): ImageFsInfoResponse {
  return { imageFilesystems: [] };
}

export const ImageFsInfoResponse: MessageFns<ImageFsInfoResponse> = {
  encode(_: ImageFsInfoResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for ImageFsInfoResponse');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ImageFsInfoResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseImageFsInfoResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.imageFilesystems.push(FilesystemUsage.decode(reader, reader.uint32()));
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

export const GetEventsRequest: MessageFns<GetEventsRequest> = {
  encode(_: GetEventsRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    return writer;
  },

  decode(_: BinaryReader | Uint8Array, length?: number): GetEventsRequest {
    throw new Error('decode not generated for GetEventsRequest');
  },
};

function createBaseContainerEventResponse(): ContainerEventResponse {
  return {
    containerId: '',
    containerEventType: 0,
    createdAt: 0n,
    podSandboxStatus: undefined,
    containersStatuses: [],
  };
}

export const ContainerEventResponse: MessageFns<ContainerEventResponse> = {
  encode(_: ContainerEventResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    throw new Error('encode not generated for ContainerEventResponse');
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ContainerEventResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error('protobuf decode recursion limit exceeded');
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseContainerEventResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 10) {
              break;
            }

            message.containerId = reader.string();
            continue;
          }
          case 2: {
            if (tag !== 16) {
              break;
            }

            message.containerEventType = reader.int32() as any;
            continue;
          }
          case 3: {
            if (tag !== 24) {
              break;
            }

            message.createdAt = reader.int64() as bigint;
            continue;
          }
          case 4: {
            if (tag !== 34) {
              break;
            }

            message.podSandboxStatus = PodSandboxStatus.decode(reader, reader.uint32());
            continue;
          }
          case 5: {
            if (tag !== 42) {
              break;
            }

            message.containersStatuses.push(ContainerStatus.decode(reader, reader.uint32()));
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },
};

export type RuntimeServiceDefinition = typeof RuntimeServiceDefinition;
export const RuntimeServiceDefinition = {
  name: 'RuntimeService',
  fullName: 'runtime.v1.RuntimeService',
  methods: {
    version: {
      name: 'Version',
      requestType: VersionRequest as typeof VersionRequest,
      requestStream: false,
      responseType: VersionResponse as typeof VersionResponse,
      responseStream: false,
      options: {},
    },
    status: {
      name: 'Status',
      requestType: StatusRequest as typeof StatusRequest,
      requestStream: false,
      responseType: StatusResponse as typeof StatusResponse,
      responseStream: false,
      options: {},
    },
    listPodSandbox: {
      name: 'ListPodSandbox',
      requestType: ListPodSandboxRequest as typeof ListPodSandboxRequest,
      requestStream: false,
      responseType: ListPodSandboxResponse as typeof ListPodSandboxResponse,
      responseStream: false,
      options: {},
    },
    podSandboxStatus: {
      name: 'PodSandboxStatus',
      requestType: PodSandboxStatusRequest as typeof PodSandboxStatusRequest,
      requestStream: false,
      responseType: PodSandboxStatusResponse as typeof PodSandboxStatusResponse,
      responseStream: false,
      options: {},
    },
    listContainers: {
      name: 'ListContainers',
      requestType: ListContainersRequest as typeof ListContainersRequest,
      requestStream: false,
      responseType: ListContainersResponse as typeof ListContainersResponse,
      responseStream: false,
      options: {},
    },
    containerStatus: {
      name: 'ContainerStatus',
      requestType: ContainerStatusRequest as typeof ContainerStatusRequest,
      requestStream: false,
      responseType: ContainerStatusResponse as typeof ContainerStatusResponse,
      responseStream: false,
      options: {},
    },
    getContainerEvents: {
      name: 'GetContainerEvents',
      requestType: GetEventsRequest as typeof GetEventsRequest,
      requestStream: false,
      responseType: ContainerEventResponse as typeof ContainerEventResponse,
      responseStream: true,
      options: {},
    },
  },
} as const;

export type ImageServiceDefinition = typeof ImageServiceDefinition;
export const ImageServiceDefinition = {
  name: 'ImageService',
  fullName: 'runtime.v1.ImageService',
  methods: {
    listImages: {
      name: 'ListImages',
      requestType: ListImagesRequest as typeof ListImagesRequest,
      requestStream: false,
      responseType: ListImagesResponse as typeof ListImagesResponse,
      responseStream: false,
      options: {},
    },
    imageStatus: {
      name: 'ImageStatus',
      requestType: ImageStatusRequest as typeof ImageStatusRequest,
      requestStream: false,
      responseType: ImageStatusResponse as typeof ImageStatusResponse,
      responseStream: false,
      options: {},
    },
    removeImage: {
      name: 'RemoveImage',
      requestType: RemoveImageRequest as typeof RemoveImageRequest,
      requestStream: false,
      responseType: RemoveImageResponse as typeof RemoveImageResponse,
      responseStream: false,
      options: {},
    },
    imageFsInfo: {
      name: 'ImageFsInfo',
      requestType: ImageFsInfoRequest as typeof ImageFsInfoRequest,
      requestStream: false,
      responseType: ImageFsInfoResponse as typeof ImageFsInfoResponse,
      responseStream: false,
      options: {},
    },
  },
} as const;

export interface MessageFns<T> {
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
  decode(input: BinaryReader | Uint8Array, length?: number): T;
}
