/**
 * The last snapshot, kept up to date: what a sweep deletes is removed at once, without a request to the engine. Each
 * document is written once per version, however many clients read it.
 */
import type { Listener, View } from '../../../events/listener.ts';
import { type Clean, sortOutCleanable } from '../../../core/eligible/cache-and-containers.ts';
import type { Cut, DeletionBudget } from '../../../core/plan/deletion-budget.ts';
import type { Forecast } from '../../../core/model/forecast.ts';
import { forestOf } from '../../../core/forest/forest.ts';
import { makePlan, type Plan, planAtHigh, type PlanInput } from '../../../core/plan/plan.ts';
import type { PlanRules } from '../../../core/plan/plan-rules.ts';
import { printableJson } from '../../../core/model/printable.ts';
import { StoreAfterRemovals } from '../../../core/forest/reclaim.ts';
import type { ImageStore } from '../../../core/model/store.ts';
import { summarise } from '../../../core/plan/store-summary.ts';
import { isBelowLow, type Usage, usageAt } from '../../../core/model/thresholds.ts';
import { planUnused, summaryOf } from '../../../core/plan/plan-unused.ts';
import { type WindowState, windowState } from '../../../core/model/window.ts';
import { type DaemonEvent, isDeletion, isDisappearance } from '../../../events/events.ts';
import { layersJson } from '../../json/layers.ts';
import { planJson } from '../../json/plan.ts';
import { statusJson } from '../../json/status.ts';
import type { StoreView } from '../../metrics/metrics.ts';
import { type Answer, jsonType } from '../server/routes.ts';
import { spaceSince } from './space-since.ts';

export interface ViewCacheOptions {
  readonly rules: PlanRules;
  /** The circuit breakers; none where left out. */
  readonly budget?: DeletionBudget;
  /** How many clients receive each new version now. */
  readonly watchers: () => number;
  readonly forecast: () => Forecast | undefined;
  /** A new version is there. */
  readonly onChange: () => void;
}

/** During a sweep a new version is made at most this often… */
const LIVE_MS = 1_000;
/** …and later by this for each client, so that the requests per second are bounded however many watch. */
const LIVE_MS_EACH = 25;

export type DocumentName = 'status' | 'plan' | 'layers';

export class ViewCache implements Required<Pick<Listener, 'observed'>> {
  readonly #options: ViewCacheOptions;
  readonly #rules: PlanRules;
  /** Distinguishes versions of this process from those of an earlier one. */
  readonly #life = Date.now().toString(36);
  #view: View | undefined;
  #version = 0;
  #written = new Map<DocumentName, Answer>();
  #gone = new Set<string>();
  #usage: Usage | undefined;
  #pending: NodeJS.Timeout | undefined;

  constructor(options: ViewCacheOptions) {
    this.#options = options;
    this.#rules = options.rules;
  }

  get version(): number {
    return this.#version;
  }

  /** The present view, for other surfaces; undefined before the first snapshot. */
  get view(): View | undefined {
    return this.#view;
  }

  observed(view: View): void {
    this.#gone.clear();
    this.#usage = undefined;
    this.#next(view);
  }

  on(event: DaemonEvent): void {
    if (event.event === 'space.appeared') this.#usage = event.usage;
    else if (isDeletion(event) || isDisappearance(event)) {
      if (isDeletion(event)) this.#usage = event.usage;
      this.#gone.add(event.id);
    } else return;
    const pauseMs = Math.max(LIVE_MS, LIVE_MS_EACH * this.#options.watchers());
    this.#pending ??= setTimeout(() => {
      this.settle();
    }, pauseMs).unref();
  }

  /** Shows at once what was deleted; false where nothing was since it was last shown. */
  settle(): boolean {
    if (this.#pending === undefined || this.#view === undefined) return false;
    const { snapshot, space } = this.#view;
    const usage = this.#usage ?? snapshot.usage;
    const store = without(snapshot.store, this.#gone, this.#rules.clean, snapshot.takenAtMs);
    this.#gone.clear();
    this.#next({
      ...this.#view,
      space: 'space' in space ? { space: spaceSince(space.space, snapshot.usage, usage) } : space,
      snapshot: { ...snapshot, takenAtMs: Date.now(), usage, store },
    });
    return true;
  }

  /** One part as JSON; undefined before the first snapshot. */
  answer(part: DocumentName): Answer | undefined {
    if (this.#view === undefined) return undefined;
    let answer = this.#written.get(part);
    if (answer === undefined) {
      const body = Buffer.from(printableJson(JSON.stringify(this.#write(part, this.#view))));
      answer = { status: 200, type: jsonType, body, etag: `"${this.#life}-${this.#version}"` };
      this.#written.set(part, answer);
    }
    return answer;
  }

  /** The store in figures; undefined before the first snapshot. */
  storeView(): StoreView | undefined {
    const view = this.#view;
    if (view === undefined) return undefined;
    const { takenAtMs } = view.snapshot;
    return {
      takenAtMs,
      summary: summarise(this.#plan(view)),
      ...('space' in view.space && { space: view.space.space }),
    };
  }

  #next(view: View): void {
    clearTimeout(this.#pending);
    this.#pending = undefined;
    this.#view = view;
    this.#version += 1;
    this.#written = new Map();
    this.#options.onChange();
  }

  #write(part: DocumentName, view: View): unknown {
    const { thresholds } = this.#rules;
    const { store, usage, takenAtMs } = view.snapshot;
    const seen = { seen: view, thresholds, window: this.#window() };
    const unused = part === 'layers' ? undefined : planUnused(inputOf(view), this.#rules);
    if (part === 'status')
      return statusJson({
        ...{ ...seen, answer: view.space, forest: forestOf(store), forecast: this.#options.forecast() },
        unused: unused && summaryOf(unused),
      });
    const due = this.#plan(view);
    if (part === 'plan') {
      const atHigh = planAtHigh(inputOf(view), this.#rules);
      return planJson({ ...seen, due, atHigh, cut: this.#cut(atHigh ?? due), unused });
    }
    // Below LOW nothing has to be deleted; what would be deleted first is of interest nevertheless.
    const assumedUsed = isBelowLow(usage, thresholds) ? thresholds.high : undefined;
    const plan =
      assumedUsed === undefined ? due : this.#plan(view, usageAt(usage, thresholds.type, assumedUsed));
    const history = this.#rules.history?.();
    return layersJson({ plan, history, takenAtMs, assumedUsed, thresholds, cut: this.#cut(plan) });
  }

  #window(): WindowState | undefined {
    return this.#rules.window && windowState(this.#rules.window, Date.now());
  }

  #cut({ victims }: Plan): Cut | undefined {
    return this.#options.budget?.cut(victims, performance.now());
  }

  #plan(view: View, usage = view.snapshot.usage): Plan {
    return makePlan({ ...inputOf(view), usage }, this.#rules);
  }
}

function inputOf({ snapshot: { store, usage, takenAtMs } }: View): PlanInput {
  return { store, usage, nowMs: takenAtMs };
}

/** The store without what has gone, and without the layers that went with it. */
function without(store: ImageStore, gone: ReadonlySet<string>, clean: Clean, nowMs: number): ImageStore {
  const forest = forestOf(store, sortOutCleanable(store, clean, nowMs).units);
  const remaining = new StoreAfterRemovals(forest);
  for (const id of gone) {
    const unit = forest.unitIndex.get(id);
    if (unit !== undefined) remaining.removeAt(unit);
  }
  const left = new Map(store.layers);
  forest.layerIds.forEach((id, layer) => {
    if (remaining.freedWith(layer) >= 0) left.delete(id);
  });
  const stays = ({ id }: { readonly id: string }): boolean => !gone.has(id);
  const held = store.heldSpace && new Map([...store.heldSpace].filter(([id]) => !gone.has(id)));
  return {
    ...store,
    images: store.images.filter(stays),
    containers: store.containers.filter(stays),
    layers: left,
    ...(held && { heldSpace: held }),
    ...(store.cacheRecords && { cacheRecords: store.cacheRecords.filter(stays) }),
  };
}
