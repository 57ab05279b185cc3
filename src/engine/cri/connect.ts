/** The first requests to a runtime: is it one, which version of the interface does it have, how is it configured. */
import { connect as connectSocket } from 'node:net';
import { EngineError, type EngineInfo } from '../engine.ts';
import { ImageServiceDefinition, RuntimeServiceDefinition, type VersionResponse } from './generated/api.ts';
import type { GrpcClient, Method } from './grpc-client.ts';
import { CallError, grpcCode } from './grpc-errors.ts';
import { runtimeConfiguration } from './verbose.ts';

export interface Connected {
  readonly info: EngineInfo;
  /** The image of every pod's sandbox, from the runtime's configuration; undefined if unknown. */
  readonly sandboxImage: string | undefined;
}

/** The version that the generated code is of. */
const apiVersion = 'v1';
const oldService = { fullName: 'runtime.v1alpha2.RuntimeService' };

/**
 * Three calls that cost the runtime nothing.
 * @throws EngineError; `protocol` when that is not a CRI runtime, or is too old.
 */
export async function connect(
  client: GrpcClient,
  socketPath: string,
  signal: AbortSignal,
): Promise<Connected> {
  const { version, status } = RuntimeServiceDefinition.methods;
  let told: VersionResponse;
  try {
    told = await client.call(RuntimeServiceDefinition, version, { version: apiVersion }, signal);
  } catch (error) {
    throw error instanceof CallError ? await explain(error, client, socketPath, signal) : error;
  }
  const { info } = await client.call(RuntimeServiceDefinition, status, { verbose: true }, signal);
  const configuration = runtimeConfiguration(info);
  const { imageFsInfo } = ImageServiceDefinition.methods;
  const { imageFilesystems } = await client.call(ImageServiceDefinition, imageFsInfo, {}, signal);
  const [first] = imageFilesystems;
  const directory = first?.fsId?.mountpoint;
  return {
    info: {
      name: told.runtimeName || 'CRI runtime',
      version: told.runtimeVersion || 'unknown',
      apiVersion: told.runtimeApiVersion || apiVersion,
      rootDirectory: configuration.rootDirectory,
      storageDriver: configuration.snapshotter,
      endpoint: client.endpoint,
      storeDirectory: directory,
      // CRI-O reports the folder of its images' configurations and its size: some kB, without the layers.
      storeUsage:
        directory === undefined || isImagesFolder(directory)
          ? undefined
          : {
              bytes: Number(first?.usedBytes?.value ?? 0n),
              inodes: Number(first?.inodesUsed?.value ?? 0n),
            },
    },
    sandboxImage: configuration.sandboxImage,
  };
}

/** `overlay-images` and the like: the store is its parent. */
function isImagesFolder(directory: string): boolean {
  return /\/[a-z0-9]+-images$/.test(directory);
}

async function explain(
  error: CallError,
  client: GrpcClient,
  socketPath: string,
  signal: AbortSignal,
): Promise<EngineError> {
  const protocol = (says: string): EngineError =>
    new EngineError('protocol', `${client.endpoint}: ${says}`, { cause: error });
  if (error.grpcStatus === grpcCode.unimplemented) {
    return (await speaksOldVersion(client, signal))
      ? protocol(
          'the runtime speaks only CRI v1alpha2; CRI v1 is needed (containerd 1.6, CRI-O 1.23 or newer). Upgrade the runtime.',
        )
      : protocol(
          'what answers there speaks gRPC, but is not a CRI runtime. Is containerd’s CRI plug-in switched off (disabled_plugins in its config.toml), or is the endpoint another program’s?',
        );
  }
  if (error.code === 'unreachable' && (await answersOtherwise(socketPath, signal))) {
    return protocol(
      'what answers there does not speak gRPC. Does DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT name a CRI runtime’s socket? (Docker’s own is for DOCKER_HOST.)',
    );
  }
  return error;
}

/** The two versions have the same fields where they have the same names (Kubernetes' `pkg/apis/runtime`). */
async function speaksOldVersion(client: GrpcClient, signal: AbortSignal): Promise<boolean> {
  const method: Method<{ version: string }, VersionResponse> = RuntimeServiceDefinition.methods.version;
  try {
    await client.call(oldService, method, { version: '' }, signal);
    return true;
  } catch (error) {
    if (error instanceof CallError) return false;
    throw error;
  }
}

/** How a client opens HTTP/2 (RFC 9113, 3.4): the preface and an empty SETTINGS frame. */
const hello = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const settingsFrame = 4;
const helloMs = 2000;

/** Whether something answers the beginning of HTTP/2 with anything but its beginning. */
async function answersOtherwise(socketPath: string, signal: AbortSignal): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connectSocket(socketPath);
    let heard = Buffer.alloc(0);
    const decide = (answer: boolean): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(answer);
    };
    const onAbort = (): void => {
      decide(false);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.setTimeout(helloMs, () => {
      decide(false);
    });
    socket.on('connect', () => socket.write(hello));
    socket.on('data', (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      if (heard.length >= 4) decide(heard[3] !== settingsFrame);
    });
    socket.on('error', () => {
      decide(false);
    });
    socket.on('close', () => {
      decide(false);
    });
  });
}
