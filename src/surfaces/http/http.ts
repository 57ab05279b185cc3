/** The page, its JSON, metrics and health checks: listens to the daemon, and serves what it knows. Loaded only where an address is set. */
import type { ListenAddress } from '../../config/values/http-address.ts';
import { ActivityFile, type ActivityFileOptions } from './state/activity-file.ts';
import { Credentials } from './server/credentials.ts';
import { listenForProbes, type Probes, probesListening } from './probes.ts';
import { type HttpServer, listen } from './server/server.ts';
import { Served, type ServedOptions, type Told } from './served.ts';

export interface HttpOptions extends ServedOptions {
  readonly address: ListenAddress;
  /** Names under which browsers may connect, besides those that are always safe. */
  readonly allowedHosts?: readonly string[];
  /** The file with the token that clients must send, and who receives errors about it later on; undefined: no token. */
  readonly token?: { readonly file: string; readonly complain: (message: string) => void } | undefined;
  /** Where the past is kept over a restart; undefined: nowhere. */
  readonly past?: Pick<ActivityFileOptions, 'file' | 'path' | 'report'> | undefined;
}

export type HttpSurface = Probes & Told;

/** @throws ListenError, TokenError */
export async function startHttp(options: HttpOptions): Promise<HttpSurface> {
  const { rules, probeAddress, token } = options;
  const credentials = token && (await Credentials.load(token.file, token.complain));
  const served = new Served(options);
  const past =
    options.past &&
    new ActivityFile(served.activity, {
      ...options.past,
      thresholdType: rules.thresholds.type,
      clock: Date.now,
    });
  await past?.load();
  const server = await listen(options.address, served.routes(), {
    ...(options.allowedHosts && { allowedHosts: options.allowedHosts }),
    ...(credentials && { allows: (authorization) => credentials.allows(authorization) }),
  });
  const probes = probeAddress && (await beside(server, listenForProbes(probeAddress, served.health)));
  credentials?.start();
  past?.start();
  const { url, address } = server;
  return {
    listeners: [
      { serves: 'page', url, address, authentication: credentials !== undefined },
      ...(probes === undefined ? [] : [probesListening(probes)]),
    ],
    ...served.listener(),
    close: async () => {
      served.close();
      credentials?.close();
      await probes?.close();
      await server.close();
      await past?.close();
    },
  };
}

/** A second server; where it cannot listen, the first one ends. */
async function beside(first: HttpServer, second: Promise<HttpServer>): Promise<HttpServer> {
  try {
    return await second;
  } catch (error) {
    await first.close();
    throw error;
  }
}
