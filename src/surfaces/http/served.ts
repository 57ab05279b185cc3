/** What is served: the state updated by the daemon's events, and the answers made of it. */
import { hostname } from 'node:os';
import type { ListenAddress } from '../../config/values/http-address.ts';
import { forecastText } from '../../core/model/forecast.ts';
import { boundedFields, printableJson } from '../../core/model/printable.ts';
import { type DeletionBudget, noLimits } from '../../core/plan/deletion-budget.ts';
import type { PlanRules } from '../../core/plan/plan-rules.ts';
import type { EngineErrorCode } from '../../engine/engine.ts';
import { type DaemonEvent, isDeletion } from '../../events/events.ts';
import type { Listener } from '../../events/listener.ts';
import { version } from '../../system/version.ts';
import type { ActivityJson } from '../json/activity.ts';
import { Metrics } from '../metrics/metrics.ts';
import { contentType } from '../metrics/samples.ts';
import { pageRoutes } from '../page/routes.ts';
import { newHealth, probeRoutes } from './probes.ts';
import type { Health } from './state/health.ts';
import { type Answer, jsonType, type Route, type Routes } from './server/routes.ts';
import { SharedAnswer } from './server/shared-answer.ts';
import { Activity } from './state/activity.ts';
import { Live } from './state/live.ts';
import { PageDocument } from './state/page-document.ts';
import { type DocumentName, ViewCache } from './state/view-cache.ts';

export interface ServedOptions {
  readonly rules: PlanRules;
  /** The circuit breakers; none where left out. */
  readonly budget?: DeletionBudget;
  /** What people call this host; undefined: what the engine says, else the system. */
  readonly host?: string | undefined;
  /** Where the health checks are served instead; undefined: beside the rest. */
  readonly probeAddress?: ListenAddress | undefined;
  readonly intervalSeconds: number;
  /** One engine request. */
  readonly timeoutSeconds: number;
  readonly dryRun: boolean;
  /** Whether a node is cordoned for sweeps. */
  readonly cordons: boolean;
  /** Whether the engine's events are followed. */
  readonly followsHistory: boolean;
}

/** For the daemon's reports. */
export interface Told extends Required<Listener> {
  readonly report: (event: DaemonEvent) => void;
  /** A request to the engine failed; for the count. */
  readonly engineFailed: (code: EngineErrorCode) => void;
}

/** Listens from the moment it is made. */
export class Served {
  readonly #options: ServedOptions;
  readonly #startedAtMs = Date.now();
  readonly #view: ViewCache;
  readonly #live = new Live();
  readonly #metrics: Metrics;
  readonly #page: PageDocument;
  readonly #metricsAnswer = new SharedAnswer(() => this.#metricsText(), monotonicMs);
  readonly #activityAnswer = new SharedAnswer(() => json(this.#activityJson()), monotonicMs);
  /** The version of the view whose store the metrics have. */
  #countedView = 0;
  #toldForecast: string | undefined;
  readonly health: Health;
  readonly activity = new Activity();

  constructor(options: ServedOptions) {
    this.#options = options;
    const { rules, host } = options;
    this.health = newHealth(options.timeoutSeconds);
    this.#view = new ViewCache({
      ...options,
      watchers: () => this.#live.clients,
      forecast: () => this.activity.forecast,
      onChange: () => {
        this.#page.next();
      },
    });
    this.#metrics = new Metrics({
      ...options,
      version,
      limits: options.budget?.limits ?? noLimits,
      lateKind: rules.clean.buildCache || rules.clean.stoppedContainers ? 'late' : 'image',
      nowMs: Date.now,
      monotonicMs,
    });
    this.#page = new PageDocument(
      {
        view: this.#view,
        activity: () => this.#activityJson(),
        host: host ?? hostname(),
        isHostNamed: host !== undefined,
      },
      (revision) => {
        this.#live.tell({ event: 'view', version: revision });
        this.#changed();
      },
    );
  }

  routes(): Routes {
    return new Map<string, Route>([
      ...pageRoutes(),
      ...(this.#options.probeAddress === undefined ? probeRoutes(this.health) : []),
      ['/metrics', { answer: () => this.#metricsAnswer.get() }],
      ['/api/status.json', { answer: () => this.#part('status') }],
      ['/api/plan.json', { answer: () => this.#part('plan') }],
      ['/api/layers.json', { answer: () => this.#part('layers') }],
      ['/api/page.json', { answer: () => this.#page.answer() }],
      ['/api/activity.json', { answer: () => this.#activityAnswer.get() }],
      [
        '/api/events',
        {
          stream: (response) => {
            const hello = { version: this.#page.revision, startedAtMs: this.#startedAtMs };
            this.#live.open(response, { event: 'hello', ...hello });
          },
        },
      ],
    ]);
  }

  /** What the daemon should report. */
  listener(): Told {
    return {
      report: (told) => {
        const event = boundedFields(told);
        const atMs = Date.now();
        this.health.on(event, monotonicMs());
        this.activity.on(event, atMs);
        this.#metrics.report(event);
        this.#view.on(event);
        this.#live.tell({ ...event, atMs });
        this.#page.on(event);
        // A sweep's deletions, many a second, are also sent as events.
        if (!isDeletion(event)) this.#changed();
      },
      engineFailed: (code) => {
        this.#metrics.engineFailed(code);
        this.#metricsAnswer.changed();
      },
      observed: (seen) => {
        this.activity.measured(seen.snapshot.usage, seen.snapshot.takenAtMs);
        this.#view.observed(seen);
      },
      looked: (usage) => {
        // In absolute mode, what is below the path was not measured.
        if (this.#options.rules.thresholds.type === 'absolute') this.activity.looked(usage, Date.now());
        else {
          this.activity.measured(usage, Date.now());
          this.#metrics.looked(usage);
        }
        this.#changed();
        this.#tellForecast();
      },
      alive: (withinSeconds) => {
        this.health.alive(monotonicMs(), withinSeconds);
      },
    };
  }

  /** Ends the streams of events. */
  close(): void {
    this.#live.close();
  }

  #changed(): void {
    this.#metricsAnswer.changed();
    this.#activityAnswer.changed();
  }

  /** Pages show it: what they say of it now is something else. */
  #tellForecast(): void {
    const { forecast } = this.activity;
    const text = forecast && forecastText(forecast);
    if (text !== this.#toldForecast) this.#page.next();
    this.#toldForecast = text;
  }

  #part(name: DocumentName): Answer {
    const problem = this.health.problem ?? 'Nothing has been measured yet.';
    return this.#view.answer(name) ?? json({ problem }, 503);
  }

  /** The store is counted when somebody asks, once a version. */
  #metricsText(): Answer {
    const { version: seenVersion } = this.#view;
    const seen = seenVersion === this.#countedView ? undefined : this.#view.storeView();
    if (seen !== undefined) this.#metrics.observe(seen);
    this.#countedView = seenVersion;
    this.#metrics.forecast(this.activity.forecast);
    return { status: 200, type: contentType, body: this.#metrics.text() };
  }

  #activityJson(): ActivityJson {
    const { rules, intervalSeconds, dryRun } = this.#options;
    return {
      version,
      startedAtMs: this.#startedAtMs,
      nowMs: Date.now(),
      policy: rules.policy.name,
      intervalSeconds,
      dryRun,
      problem: this.health.problem ?? null,
      view: this.#view.version,
      ...this.activity.json(rules.thresholds),
    };
  }
}

function monotonicMs(): number {
  return performance.now();
}

function json(value: unknown, status = 200): Answer {
  return { status, type: jsonType, body: printableJson(JSON.stringify(value)) };
}
