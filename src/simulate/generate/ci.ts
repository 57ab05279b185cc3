/**
 * A runner of continuous integration: pipelines of some projects use tool images and services, make an image of each
 * commit, use it a few times within the hour and rarely again. Stacks are shared and renewed; some jobs run every night or
 * every week at the same time.
 */
import type { TraceLayer, UseEvent } from '../traces/trace.ts';
import { busyness, DAY, HOUR, Maker, type MadeImage, START } from './make.ts';
import { type OtherFuture, Random } from './random.ts';

/** Something with a new version now and then. */
interface Versioned {
  image: MadeImage;
  next: number;
  readonly renew: (time: number) => void;
}

export function ci(seed: number, days: number, pipelinesPerDay: number, other?: OtherFuture): UseEvent[] {
  const maker = new Maker(new Random(seed, other));
  const { random } = maker;
  const systems = Array.from({ length: 3 }, () => ({ layers: maker.layers(1, 70, 0.5) }));
  const versioned: Versioned[] = [];
  const renewed = (name: string, everyDays: number, chain: () => readonly TraceLayer[]): Versioned => {
    let version = 0;
    const make = (): MadeImage => maker.image(`${name}:${version++}`, chain());
    const made: Versioned = {
      image: make(),
      next: START + random.exponential(everyDays) * DAY,
      renew: (time) => {
        made.image = make();
        made.next = time + random.exponential(everyDays) * DAY;
      },
    };
    versioned.push(made);
    return made;
  };
  const one = <T>(list: readonly T[], fallback: T): T => list[random.whole(0, list.length - 1)] ?? fallback;
  const system = (): { layers: readonly TraceLayer[] } => one(systems, { layers: [] });
  const stacks = Array.from({ length: 9 }, (_, at) => {
    const on = system();
    return renewed(`stack-${at}`, 25, () => [...on.layers, ...maker.layers(random.whole(2, 5), 60, 1.1)]);
  });
  const services = Array.from({ length: 14 }, (_, at) => {
    const on = system();
    return renewed(`service-${at}`, 40, () => [...on.layers, ...maker.layers(random.whole(2, 6), 25, 1.2)]);
  });
  const rare = Array.from({ length: 70 }, (_, at) =>
    renewed(`tool-${at}`, 60, () => [...system().layers, ...maker.layers(random.whole(2, 6), 150, 1.1)]),
  );
  const fallback = maker.image('none', maker.layers(1, 1, 0));
  const none: Versioned = { image: fallback, next: Infinity, renew: () => undefined };
  const projects = Array.from({ length: 45 }, (_, at) => {
    const stack = one(stacks, none);
    const tools = renewed(`project-${at}/builder`, 12, () => [
      ...stack.image.layers,
      ...maker.layers(random.whole(1, 3), 90, 1.0),
    ]);
    return {
      name: `project-${at}`,
      weight: random.logNormal(1, 1.4),
      stack,
      tools,
      services: Array.from({ length: random.whole(0, 3) }, () => one(services, none)),
      dependencies: maker.layers(1, 60, 0.9),
      dependencyDays: random.logNormal(8, 0.8),
      commits: 0,
      nightly: random.chance(0.5) ? random.between(0, 6) : undefined,
      weekly: random.chance(0.4) ? { hour: random.between(0, 168), tool: one(rare, none) } : undefined,
    };
  });
  const job = (): number => random.logNormal(300, 0.9);
  const pipeline = (project: (typeof projects)[number], time: number): void => {
    if (random.chance(1 / (8 * project.dependencyDays))) project.dependencies = maker.layers(1, 60, 0.9);
    const application = maker.image(`${project.name}/app:${project.commits++}`, [
      ...project.stack.image.layers,
      ...project.dependencies,
      ...maker.layers(random.whole(1, 2), 6, 1.3),
    ]);
    let at = time;
    maker.use(project.tools.image, at, job());
    for (const service of project.services) maker.use(service.image, at + random.between(0, 60), job());
    at += job();
    for (let uses = random.whole(1, 3); uses > 0; uses--) {
      maker.use(application, at, job());
      at += random.exponential(900);
    }
    if (random.chance(0.15)) maker.use(application, time + random.between(0.5, 3) * DAY, job());
    if (random.chance(0.2)) maker.use(one(rare, none).image, at, job());
  };
  for (let hour = 0; hour < days * 24; hour++) {
    random.hour(hour);
    const time = START + hour * HOUR;
    for (const each of versioned) if (each.next <= time) each.renew(time);
    if (hour % 24 === 0) {
      for (const project of projects) project.weight *= Math.exp(0.15 * random.normal());
      if (random.chance(1 / 30))
        one(systems, { layers: [] as TraceLayer[] }).layers = maker.layers(1, 70, 0.5);
    }
    const mean = (pipelinesPerDay / 24) * busyness(time, 0.1, 0.15);
    for (let at = random.exponential(1 / mean); at < 1; at += random.exponential(1 / mean)) {
      const project = random.weighted(projects, (each) => each.weight);
      if (project === undefined) continue;
      // Commits arrive in a row: a fix, a fix of the fix.
      const commits = random.chance(0.25) ? random.whole(2, 5) : 1;
      for (let commit = 0; commit < commits; commit++)
        pipeline(project, time + at * HOUR + commit * random.between(600, 1500));
    }
    for (const project of projects) {
      if (project.nightly !== undefined && Math.floor(project.nightly) === hour % 24)
        pipeline(project, time + 60);
      const weekly = project.weekly;
      if (weekly !== undefined && Math.floor(weekly.hour) === hour % 168)
        maker.use(weekly.tool.image, time + (weekly.hour % 1) * HOUR, 3 * job());
    }
  }
  return maker.sorted();
}
