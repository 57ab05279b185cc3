/**
 * The Container Runtime Interface as tests use it: any call by its name, with requests and answers as plain objects.
 * Apart from the client in src/, so that one does not prove itself with the other.
 */
import { Client, credentials, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';

type Plain = Readonly<Record<string, unknown>>;

export interface CriClient {
  /** @param method e.g. `ImageService/ListImages`. @throws the service error of @grpc/grpc-js. */
  call(method: `${'RuntimeService' | 'ImageService'}/${string}`, request?: Plain): Promise<unknown>;
  close(): void;
}

const definition = loadSync(fileURLToPath(new URL('pods.proto', import.meta.url)), {
  keepCase: true,
  longs: Number,
  enums: String,
  defaults: true,
});
const loaded = loadPackageDefinition(definition) as unknown as {
  readonly runtime: { readonly v1: Readonly<Record<string, ServiceClientConstructor>> };
};

/** @param target e.g. `unix:///path/to/socket`. */
export function criClient(target: string): CriClient {
  const client = new Client(target, credentials.createInsecure(), {
    'grpc.default_authority': 'localhost',
    'grpc.max_receive_message_length': 64 * 1024 * 1024,
  });
  return {
    call: (method, request = {}) => {
      const [service = '', name = ''] = method.split('/');
      const known = loaded.runtime.v1[service]?.service[name];
      if (known === undefined) throw new RangeError(`pods.proto has no ${method}.`);
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          known.path,
          known.requestSerialize,
          known.responseDeserialize,
          request,
          { deadline: Date.now() + 60_000 },
          (error, answer) => {
            if (error === null) resolve(answer);
            else reject(error);
          },
        );
      });
    },
    close: () => {
      client.close();
    },
  };
}
