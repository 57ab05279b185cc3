/**
 * Converts the public launch archive of BinderHub (JSON Lines; https://archive.analytics.mybinder.org) into a trace. The
 * archive says which repository was launched when, not how big its image was nor how long it ran, so sizes and durations
 * are drawn, the same for the same specification and seed.
 */
import * as v from 'valibot';
import { Maker, type MadeImage } from './make.ts';
import { Random } from './random.ts';
import { type Specification, standingFor } from '../traces/binder-spec.ts';
import { eachLine } from '../traces/lines.ts';
import { type Trace, TraceBuilder, TraceError, type TraceLayer, type UseEvent } from '../traces/trace.ts';

/**
 * The fields that are needed; versions 1 to 5 of the schema have these. Failed launches are marked since version 2,
 * and the commit that a branch meant is given since version 4.
 */
const launch = v.object({
  timestamp: v.string(),
  provider: v.string(),
  spec: v.string(),
  status: v.exactOptional(v.string()),
  ref: v.exactOptional(v.nullable(v.string())),
});
type Launch = v.InferOutput<typeof launch>;

/** @throws TraceError that names the file and the line. */
export async function importBinderEvents(files: readonly string[], seed: number): Promise<Trace> {
  const images = new BinderImages(seed);
  const builder = new TraceBuilder();
  let launches = 0;
  for (const file of files) {
    await eachLine(file, (line) => {
      const parsed = v.safeParse(launch, json(line));
      if (!parsed.success) {
        const [issue] = parsed.issues;
        throw new TraceError(`${v.getDotPath(issue) ?? 'the line'}: ${issue.message}`);
      }
      if ((parsed.output.status ?? 'success') !== 'success') return;
      builder.add(images.launch(parsed.output));
      launches += 1;
    });
  }
  if (launches === 0) throw new TraceError(`no successful launch in ${files.join(', ')}`);
  return builder.build();
}

class BinderImages {
  readonly #maker: Maker;
  readonly #base: readonly TraceLayer[];
  readonly #images = new Map<string, MadeImage>();
  readonly #environments = new Map<string, readonly TraceLayer[]>();

  constructor(seed: number) {
    this.#maker = new Maker(new Random(seed));
    this.#base = this.#maker.layers(7, 60, 0.8);
  }

  launch(event: Launch): UseEvent {
    const time = Date.parse(event.timestamp) / 1000;
    if (!Number.isFinite(time)) throw new TraceError(`not a time: ${event.timestamp}`);
    const durationSeconds = Math.round(Math.min(21_600, this.#maker.random.logNormal(1200, 1.1)));
    const { id, reference, layers } = this.#imageOf(standingFor(event));
    return { time, event: 'use', image: id, reference, durationSeconds, layers };
  }

  /** Versions of a repository share its environment. */
  #imageOf({ repository, version }: Specification): MadeImage {
    const key = `${repository}:${version}`;
    const known = this.#images.get(key);
    if (known !== undefined) return known;
    const environment =
      this.#environments.get(repository) ?? this.#maker.layers(this.#maker.random.whole(2, 4), 110, 1.0);
    this.#environments.set(repository, environment);
    const content = this.#maker.layers(this.#maker.random.whole(1, 3), 3, 1.8);
    const image = this.#maker.image(key, [...this.#base, ...environment, ...content]);
    this.#images.set(key, image);
    return image;
  }
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new TraceError('not JSON');
  }
}
