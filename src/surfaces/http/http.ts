/** The HTTP surface: listens to the daemon, and serves what it knows. Loaded only where an address is set. */
import type { Audience } from '../../audience.ts';
import type { ListenAddress } from '../../config/http-address.ts';
import { boundedFields, printableJson } from '../../core/printable.ts';
import { type DaemonEvent, isDeletion } from '../../events.ts';
import { version } from '../../version.ts';
import type { ActivityJson } from '../json/activity.ts';
import { pageRoutes } from '../page/routes.ts';
import type { EngineErrorCode } from '../../engine/engine.ts';
import { Metrics } from '../metrics/metrics.ts';
import { contentType } from '../metrics/samples.ts';
import { Activity } from './activity.ts';
import { ActivityFile, type ActivityFileOptions } from './activity-file.ts';
import { Health, type Verdict } from './health.ts';
import { Live } from './live.ts';
import { type Answer, jsonType, type Route, type Routes, textAnswer } from './routes.ts';
import { listen } from './server.ts';
import { SharedAnswer } from './shared-answer.ts';
import { type Part, type Rules, ViewCache } from './view-cache.ts';

export interface HttpOptions extends Rules {
  readonly address: ListenAddress;
  /** Where the past is kept over a restart; undefined: nowhere. */
  readonly past?: Pick<ActivityFileOptions, 'file' | 'path' | 'report'> | undefined;
  readonly intervalSeconds: number;
  /** One engine request. */
  readonly timeoutSeconds: number;
  readonly dryRun: boolean;
  /** In the thresholds' unit; undefined: never critical. */
  readonly criticalLevel: number | undefined;
  /** Whether a node is cordoned for sweeps. */
  readonly cordons: boolean;
  /** Whether the engine's events are followed. */
  readonly followsHistory: boolean;
}

export interface HttpSurface extends Audience {
  /** Where the page is. */
  readonly url: string;
  /** Takes every event of the daemon. */
  readonly report: (event: DaemonEvent) => void;
  /** A request to the engine failed; for the count. */
  readonly engineFailed: (code: EngineErrorCode) => void;
  readonly close: () => Promise<void>;
}

/** Signs of life come from the first check on; until then there are the cluster's permissions to be looked up. */
const START_SECONDS = 300;

/** @throws ListenError */
export async function startHttp(options: HttpOptions): Promise<HttpSurface> {
  const startedAtMs = Date.now();
  const health = new Health(performance.now(), (START_SECONDS + options.timeoutSeconds) * 1000);
  const activity = new Activity();
  const live = new Live();
  const view = new ViewCache(
    options,
    (number) => {
      live.tell({ event: 'view', version: number });
      changed();
    },
    Date.now,
    () => live.clients,
  );

  const metrics = new Metrics({
    ...options,
    version,
    policy: options.policy.name,
    lateKind: options.clean.buildCache || options.clean.stoppedContainers ? 'late' : 'image',
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
  });
  let countedView = 0;
  const monotonicMs = (): number => performance.now();
  const metricsAnswer = new SharedAnswer(metricsText, monotonicMs);
  const activityAnswer = new SharedAnswer(() => json(activityJson()), monotonicMs);
  const changed = (): void => {
    metricsAnswer.changed();
    activityAnswer.changed();
  };

  const routes: Routes = new Map<string, Route>([
    ...pageRoutes(),
    ['/healthz', { answer: () => verdict(health.loop(performance.now())) }],
    ['/readyz', { answer: () => verdict(health.work(performance.now())) }],
    ['/metrics', { answer: () => metricsAnswer.get() }],
    ['/api/status.json', { answer: () => part('status') }],
    ['/api/plan.json', { answer: () => part('plan') }],
    ['/api/layers.json', { answer: () => part('layers') }],
    ['/api/activity.json', { answer: () => activityAnswer.get() }],
    [
      '/api/events',
      {
        stream: (response) => {
          live.open(response, { event: 'hello', version: view.version, startedAtMs });
        },
      },
    ],
  ]);

  function part(name: Part): Answer {
    return view.answer(name) ?? json({ problem: health.problem ?? 'Nothing has been looked at yet.' }, 503);
  }

  /** The store is counted when somebody asks, once a version. */
  function metricsText(): Answer {
    const seen = view.version === countedView ? undefined : view.storeView();
    if (seen !== undefined) metrics.observe(seen);
    countedView = view.version;
    return { status: 200, type: contentType, body: metrics.text() };
  }

  function activityJson(): ActivityJson {
    return {
      version,
      startedAtMs,
      nowMs: Date.now(),
      intervalSeconds: options.intervalSeconds,
      dryRun: options.dryRun,
      policy: options.policy.name,
      problem: health.problem ?? null,
      view: view.version,
      ...activity.json(options.thresholds),
    };
  }

  const thresholdType = options.thresholds.type;
  const past =
    options.past && new ActivityFile(activity, { ...options.past, thresholdType, clock: Date.now });
  await past?.load();
  const server = await listen(options.address, routes);
  past?.start();
  return {
    url: server.url,
    report: (told) => {
      const event = boundedFields(told);
      const atMs = Date.now();
      health.on(event, performance.now());
      activity.on(event, atMs);
      metrics.report(event);
      view.on(event);
      live.tell({ ...event, atMs });
      // A sweep's deletions, many a second, are told as events as well.
      if (!isDeletion(event)) changed();
    },
    engineFailed: (code) => {
      metrics.engineFailed(code);
      metricsAnswer.changed();
    },
    observed: (seen) => {
      activity.measured(seen.snapshot.usage, seen.snapshot.takenAtMs);
      view.observed(seen);
    },
    alive: (withinSeconds) => {
      health.alive(performance.now(), withinSeconds);
    },
    close: async () => {
      live.close();
      await server.close();
      await past?.close();
    },
  };
}

function verdict({ ok, message }: Verdict): Answer {
  return textAnswer(ok ? 200 : 503, message);
}

function json(value: unknown, status = 200): Answer {
  return { status, type: jsonType, body: printableJson(JSON.stringify(value)) };
}
