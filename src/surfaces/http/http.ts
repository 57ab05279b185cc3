/** The page, its JSON, metrics and health checks: listens to the daemon, and serves what it knows. Loaded only where an address is set. */
import { hostname } from 'node:os';
import type { Listener } from '../../events/listener.ts';
import type { ListenAddress } from '../../config/values/http-address.ts';
import { type DeletionBudget, noLimits } from '../../core/plan/deletion-budget.ts';
import { forecastText } from '../../core/model/forecast.ts';
import type { PlanRules } from '../../core/plan/plan-rules.ts';
import { boundedFields, printableJson } from '../../core/model/printable.ts';
import { isDeletion } from '../../events/events.ts';
import { version } from '../../system/version.ts';
import type { ActivityJson } from '../json/activity.ts';
import { pageRoutes } from '../page/routes.ts';
import type { EngineErrorCode } from '../../engine/engine.ts';
import { Metrics } from '../metrics/metrics.ts';
import { contentType } from '../metrics/samples.ts';
import { Activity } from './state/activity.ts';
import { ActivityFile, type ActivityFileOptions } from './state/activity-file.ts';
import { Live } from './state/live.ts';
import { PageDocument } from './state/page-document.ts';
import { Credentials } from './server/credentials.ts';
import { listenForProbes, newHealth, type Probes, probeRoutes, probesListener } from './probes.ts';
import { type Answer, jsonType, type Route, type Routes } from './server/routes.ts';
import { type HttpServer, listen } from './server/server.ts';
import { SharedAnswer } from './server/shared-answer.ts';
import { type DocumentName, ViewCache } from './state/view-cache.ts';

export interface HttpOptions {
  readonly rules: PlanRules;
  /** The circuit breakers; none where left out. */
  readonly budget?: DeletionBudget;
  readonly address: ListenAddress;
  /** Names under which browsers may ask, besides those that are always safe. */
  readonly allowedHosts?: readonly string[];
  /** What people call this host; undefined: what the engine says, else the system. */
  readonly host?: string | undefined;
  /** Where the health checks are served instead; undefined: beside the rest. */
  readonly probeAddress?: ListenAddress | undefined;
  /** The file with the token that clients must send, and who is told what is wrong with it later on; undefined: no token. */
  readonly token?: { readonly file: string; readonly complain: (message: string) => void } | undefined;
  /** Where the past is kept over a restart; undefined: nowhere. */
  readonly past?: Pick<ActivityFileOptions, 'file' | 'path' | 'report'> | undefined;
  readonly intervalSeconds: number;
  /** One engine request. */
  readonly timeoutSeconds: number;
  readonly dryRun: boolean;
  /** Whether a node is cordoned for sweeps. */
  readonly cordons: boolean;
  /** Whether the engine's events are followed. */
  readonly followsHistory: boolean;
}

export interface HttpSurface extends Probes, Required<Listener> {
  /** A request to the engine failed; for the count. */
  readonly engineFailed: (code: EngineErrorCode) => void;
}

/** @throws ListenError, TokenError */
export async function startHttp(options: HttpOptions): Promise<HttpSurface> {
  const startedAtMs = Date.now();
  const { rules, probeAddress, token } = options;
  const credentials = token && (await Credentials.load(token.file, token.complain));
  const health = newHealth(options.timeoutSeconds);
  const activity = new Activity();
  const live = new Live();
  const view = new ViewCache(
    options,
    () => {
      page.next();
    },
    Date.now,
    () => live.clients,
    () => activity.forecast,
  );

  const metrics = new Metrics({
    ...options,
    version,
    limits: options.budget?.limits ?? noLimits,
    lateKind: rules.clean.buildCache || rules.clean.stoppedContainers ? 'late' : 'image',
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
  });
  const page = new PageDocument(
    {
      view,
      activity: activityJson,
      host: options.host ?? hostname(),
      isHostNamed: options.host !== undefined,
    },
    (revision) => {
      live.tell({ event: 'view', version: revision });
      changed();
    },
  );
  let countedView = 0;
  const monotonicMs = (): number => performance.now();
  const metricsAnswer = new SharedAnswer(metricsText, monotonicMs);
  const activityAnswer = new SharedAnswer(() => json(activityJson()), monotonicMs);
  const changed = (): void => {
    metricsAnswer.changed();
    activityAnswer.changed();
  };

  let toldForecast: string | undefined;
  /** Pages show it: what they say of it now is something else. */
  const tellForecast = (): void => {
    const { forecast } = activity;
    const text = forecast && forecastText(forecast);
    if (text !== toldForecast) page.next();
    toldForecast = text;
  };

  const routes: Routes = new Map<string, Route>([
    ...pageRoutes(),
    ...(probeAddress === undefined ? probeRoutes(health) : []),
    ['/metrics', { answer: () => metricsAnswer.get() }],
    ['/api/status.json', { answer: () => part('status') }],
    ['/api/plan.json', { answer: () => part('plan') }],
    ['/api/layers.json', { answer: () => part('layers') }],
    ['/api/page.json', { answer: () => page.answer() }],
    ['/api/activity.json', { answer: () => activityAnswer.get() }],
    [
      '/api/events',
      {
        stream: (response) => {
          live.open(response, { event: 'hello', version: page.revision, startedAtMs });
        },
      },
    ],
  ]);

  function part(name: DocumentName): Answer {
    return view.answer(name) ?? json({ problem: health.problem ?? 'Nothing has been measured yet.' }, 503);
  }

  /** The store is counted when somebody asks, once a version. */
  function metricsText(): Answer {
    const seen = view.version === countedView ? undefined : view.storeView();
    if (seen !== undefined) metrics.observe(seen);
    countedView = view.version;
    metrics.forecast(activity.forecast);
    return { status: 200, type: contentType, body: metrics.text() };
  }

  function activityJson(): ActivityJson {
    return {
      version,
      startedAtMs,
      nowMs: Date.now(),
      policy: rules.policy.name,
      intervalSeconds: options.intervalSeconds,
      dryRun: options.dryRun,
      problem: health.problem ?? null,
      view: view.version,
      ...activity.json(rules.thresholds),
    };
  }

  const thresholdType = rules.thresholds.type;
  const past =
    options.past && new ActivityFile(activity, { ...options.past, thresholdType, clock: Date.now });
  await past?.load();
  const server = await listen(options.address, routes, {
    ...(options.allowedHosts && { allowedHosts: options.allowedHosts }),
    allows: credentials && ((authorization) => credentials.allows(authorization)),
  });
  const probes = probeAddress && (await beside(server, listenForProbes(probeAddress, health)));
  credentials?.start();
  past?.start();
  const { url, address } = server;
  return {
    listeners: [
      { serves: 'page', url, address, authentication: credentials !== undefined },
      ...(probes === undefined ? [] : [probesListener(probes)]),
    ],
    report: (told) => {
      const event = boundedFields(told);
      const atMs = Date.now();
      health.on(event, performance.now());
      activity.on(event, atMs);
      metrics.report(event);
      view.on(event);
      live.tell({ ...event, atMs });
      page.on(event);
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
    looked: (usage) => {
      // In absolute mode, what is below the path was not measured.
      if (thresholdType === 'absolute') activity.looked(usage, Date.now());
      else {
        activity.measured(usage, Date.now());
        metrics.looked(usage);
      }
      changed();
      tellForecast();
    },
    alive: (withinSeconds) => {
      health.alive(performance.now(), withinSeconds);
    },
    close: async () => {
      live.close();
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

function json(value: unknown, status = 200): Answer {
  return { status, type: jsonType, body: printableJson(JSON.stringify(value)) };
}
