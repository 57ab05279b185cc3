/** Where an engine listens, as a value. Read from DOCKER_HOST and its companions by the configuration. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** Undefined: plain HTTP. `certPath` is a folder with `ca.pem`, `cert.pem` and `key.pem`. */
      readonly tls: undefined | { readonly verify: boolean; readonly certPath: string };
    };

/** The address as people write it, for messages: `unix:///var/run/docker.sock`, `tcp://10.0.0.1:2376`. */
export function describeAddress(address: EngineAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `tcp://${host}:${String(address.port)}`;
}
