/**
 * `/api/page.json`: one moment for all that the page shows. What the daemon does is held as it was when the store was last
 * shown again, so that a sweep's account, the disk and the list of images agree in every answer.
 */
import { printableJson } from '../../../core/model/printable.ts';
import type { DaemonEvent } from '../../../events/events.ts';
import type { ActivityJson } from '../../json/activity.ts';
import type { PageActivity, PageJson } from '../../json/page.ts';
import { type Answer, jsonType } from '../server/routes.ts';
import { sampleOf } from './samples.ts';
import type { ViewCache } from './view-cache.ts';

/** How many of the last sweeps it has. */
const SWEEPS = 10;

/** What happens to the daemon itself; deletions are in the view, many at once. */
const turns: ReadonlySet<DaemonEvent['event']> = new Set([
  'sweep.started',
  'sweep.completed',
  'sweep.skipped',
  'engine.connected',
  'engine.unavailable',
  'path.available',
  'path.unavailable',
  'node.cordoned',
  'node.already-cordoned',
  'node.uncordoned',
  'node.left-cordoned',
  'node.gone',
]);

export interface PageSource {
  readonly view: ViewCache;
  readonly activity: () => ActivityJson;
  /** The host's name where the engine does not report it. */
  readonly host: string;
  /** Whether `host` is what people call it, whatever the engine says. */
  readonly isHostNamed: boolean;
}

export class PageDocument {
  readonly #source: PageSource;
  readonly #onChange: (revision: number) => void;
  readonly #life = Date.now().toString(36);
  #activity: PageActivity;
  #revision = 0;
  #answer: Answer | undefined;

  /** @param onChange receives each new revision. */
  constructor(source: PageSource, onChange: (revision: number) => void) {
    this.#source = source;
    this.#onChange = onChange;
    this.#activity = withoutSamples(source.activity());
  }

  get revision(): number {
    return this.#revision;
  }

  /** An event, after activity and view have received it. */
  on({ event }: DaemonEvent): void {
    if (!turns.has(event)) return;
    // What was deleted up to now belongs to it; a view that changes by that calls next().
    if (!this.#source.view.settle()) this.next();
  }

  /** The view, or what the daemon does, is another one. */
  next(): void {
    this.#revision += 1;
    this.#answer = undefined;
    this.#activity = withoutSamples(this.#source.activity());
    this.#onChange(this.#revision);
  }

  answer(): Answer {
    this.#answer ??= {
      status: 200,
      type: jsonType,
      body: Buffer.from(this.#text()),
      etag: `"${this.#life}-${this.#revision}"`,
    };
    return this.#answer;
  }

  /** The view's parts are written once, however many documents hold them. */
  #text(): string {
    const { view, host, isHostNamed } = this.#source;
    const seen = view.view;
    const engineHost = isHostNamed ? undefined : seen?.engine.hostName;
    const head: Omit<PageJson, 'status' | 'layers'> = {
      revision: this.#revision,
      host: engineHost ?? host,
      activity: { ...this.#activity, nowMs: Date.now() },
      sample: seen === undefined ? null : sampleOf(seen.snapshot.usage, seen.snapshot.takenAtMs),
    };
    const part = (name: keyof Pick<PageJson, 'status' | 'layers'>): string =>
      `"${name}":${view.answer(name)?.body.toString() ?? 'null'}`;
    const start = printableJson(JSON.stringify(head)).slice(0, -1);
    return `${start},${part('status')},${part('layers')}}`;
  }
}

function withoutSamples(activity: ActivityJson): PageActivity {
  const { samples, view, sweeps, ...shown } = activity;
  void [samples, view];
  return { ...shown, sweeps: sweeps.slice(0, SWEEPS) };
}
