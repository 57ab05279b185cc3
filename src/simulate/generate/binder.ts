/**
 * BinderHub: people launch repositories at commits. Each image is built on the build tool's base of its time, with an
 * environment that many commits share and a small layer of content. Popularity is skewed and drifts; new repositories
 * appear and most are soon forgotten; courses and workshops launch one repository many times within minutes, some
 * every week. Rates and sizes: see docs/policies.md.
 */
import type { TraceLayer, UseEvent } from '../traces/trace.ts';
import { busyness, DAY, HOUR, Maker, type MadeImage, START } from './make.ts';
import { type OtherFuture, Random } from './random.ts';

interface Repository {
  readonly name: string;
  /** Of launches. Drifts from day to day. */
  weight: number;
  /** How much of its weight is left after a day. */
  readonly fading: number;
  readonly daysBetweenCommits: number;
  nextCommit: number;
  environment: readonly TraceLayer[];
  images: MadeImage[];
}

export function binder(seed: number, days: number, launchesPerDay: number, other?: OtherFuture): UseEvent[] {
  const maker = new Maker(new Random(seed, other));
  const { random } = maker;
  const repositories: Repository[] = [];
  let base = maker.layers(7, 60, 0.8);
  let nextBase = START + random.between(10, 35) * DAY;
  const arrive = (time: number, isNew: boolean): void => {
    const isLasting = !isNew || random.chance(0.15);
    repositories.push({
      name: `repository-${repositories.length}`,
      weight: random.logNormal(1, 1.9) * (isNew ? 1.5 : 1),
      fading: isLasting ? 1 : 0.5 ** (1 / random.logNormal(4, 0.9)),
      daysBetweenCommits: random.logNormal(18, 1.2),
      nextCommit: time,
      environment: maker.layers(random.whole(2, 4), 110, 1.0),
      images: [],
    });
  };
  const imageOf = (repository: Repository, time: number): MadeImage => {
    while (repository.nextCommit <= time) {
      if (repository.images.length > 0 && random.chance(0.3))
        repository.environment = maker.layers(repository.environment.length, 110, 1.0);
      const content = maker.layers(random.whole(1, 3), 3, 1.8);
      repository.images.push(
        maker.image(`${repository.name}:${repository.images.length}`, [
          ...base,
          ...repository.environment,
          ...content,
        ]),
      );
      repository.nextCommit =
        Math.max(repository.nextCommit, time - DAY) + random.exponential(repository.daysBetweenCommits) * DAY;
    }
    const newest = repository.images.length - 1;
    const chosen = random.chance(0.93) ? newest : random.whole(0, newest);
    return repository.images[chosen] ?? maker.image('never', []);
  };
  const launch = (repository: Repository, time: number): void => {
    maker.use(imageOf(repository, time), time, Math.min(6 * HOUR, random.logNormal(1200, 1.1)));
  };
  for (let known = 0; known < 350; known++) arrive(START, false);
  const bursts: { readonly at: number; readonly repository: Repository; readonly size: number }[] = [];
  for (let hour = 0; hour < days * 24; hour++) {
    random.hour(hour);
    const time = START + hour * HOUR;
    if (time >= nextBase) {
      base = maker.layers(7, 60, 0.8);
      nextBase = time + random.between(20, 50) * DAY;
    }
    if (hour % 24 === 0) {
      for (const repository of repositories)
        repository.weight *= repository.fading * Math.exp(0.18 * random.normal());
      for (let left = random.exponential(1); left < 7; left += random.exponential(1)) arrive(time, true);
      if (random.chance(0.6)) planBursts(time);
    }
    const mean = (launchesPerDay / 24) * busyness(time, 0.35, 0.5);
    for (let at = random.exponential(1 / mean); at < 1; at += random.exponential(1 / mean)) {
      const repository = random.weighted(repositories, (each) => each.weight);
      if (repository !== undefined) launch(repository, time + at * HOUR);
    }
    for (const burst of bursts) {
      if (burst.at < time || burst.at >= time + HOUR) continue;
      for (let one = 0; one < burst.size; one++)
        launch(burst.repository, burst.at + random.exponential(0.15) * HOUR);
    }
  }
  return maker.sorted();

  function planBursts(today: number): void {
    const repository = random.weighted(repositories, (each) => Math.sqrt(each.weight));
    if (repository === undefined) return;
    const at = today + random.between(8, 18) * HOUR;
    const size = Math.round(Math.min(120, random.logNormal(20, 0.7)));
    const weeks = random.chance(0.35) ? random.whole(3, 8) : 1;
    for (let week = 0; week < weeks; week++) bursts.push({ at: at + week * 7 * DAY, repository, size });
  }
}
