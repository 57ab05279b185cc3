/** The health checks behind Kubernetes' probes and Docker's health check: alone on an address of their own, or beside the page. */
import type { ListenAddress } from '../../config/values/http-address.ts';
import type { DaemonEvent, EventOf } from '../../events/events.ts';
import { Health, type HealthCheck } from './state/health.ts';
import { type Answer, type Route, textAnswer } from './server/routes.ts';
import { type HttpServer, listen } from './server/server.ts';

/** Heartbeats begin with the first check; before that, the cluster's permissions are checked. */
const START_SECONDS = 300;

/** @param timeoutSeconds of one engine request. */
export function newHealth(timeoutSeconds: number): Health {
  return new Health(performance.now(), (START_SECONDS + timeoutSeconds) * 1000);
}

/** Answered without credentials: kubelet has none. */
export function probeRoutes(health: Health): readonly (readonly [string, Route])[] {
  return [
    ['/healthz', { isOpen: true, answer: () => answered(health.loop(performance.now())) }],
    ['/readyz', { isOpen: true, answer: () => answered(health.work(performance.now())) }],
  ];
}

/** A server of nothing but these. @throws ListenError */
export async function listenForProbes(address: ListenAddress, health: Health): Promise<HttpServer> {
  return await listen(address, new Map(probeRoutes(health)), { setting: 'probeAddress' });
}

/** The listener of a server that has only health checks: it follows the loop and needs no snapshots. */
export interface Probes {
  readonly listeners: readonly Listening[];
  readonly report: (event: DaemonEvent) => void;
  readonly alive: (withinSeconds: number) => void;
  readonly close: () => Promise<void>;
}

/** Where something listens, for the log. */
export type Listening = Omit<EventOf<'http.listening'>, 'event'>;

export function probesListening({ url, address }: HttpServer): Listening {
  return { serves: 'probes', url, address, authentication: false };
}

/** @throws ListenError */
export async function startProbes(address: ListenAddress, timeoutSeconds: number): Promise<Probes> {
  const health = newHealth(timeoutSeconds);
  const server = await listenForProbes(address, health);
  return {
    listeners: [probesListening(server)],
    report: (event) => {
      health.on(event, performance.now());
    },
    alive: (withinSeconds) => {
      health.alive(performance.now(), withinSeconds);
    },
    close: server.close,
  };
}

function answered({ ok, message }: HealthCheck): Answer {
  return textAnswer(ok ? 200 : 503, message);
}
