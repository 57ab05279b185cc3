/**
 * A node of a Kubernetes cluster: pods of services start and stop with scaling and rescheduling, deployments bring
 * new versions (now and then one is rolled back), cron jobs run by the clock, batch jobs bring big, rarely used
 * images.
 */
import type { TraceLayer, UseEvent } from '../traces/trace.ts';
import { busyness, DAY, HOUR, Maker, type MadeImage, START } from './make.ts';
import { type OtherFuture, Random } from './random.ts';

export function cluster(seed: number, days: number, podsPerDay: number, other?: OtherFuture): UseEvent[] {
  const maker = new Maker(new Random(seed, other));
  const { random } = maker;
  const bases = Array.from({ length: 6 }, () => ({ layers: maker.layers(random.whole(2, 4), 45, 0.9) }));
  const heavy = Array.from({ length: 3 }, () => maker.layers(3, 500, 0.6));
  const noBase: { layers: readonly TraceLayer[] } = { layers: [] };
  const base = (): { layers: readonly TraceLayer[] } => bases[random.whole(0, bases.length - 1)] ?? noBase;
  const workload = (name: string, daysBetweenVersions: number) => {
    const on = base();
    return {
      name,
      on,
      dependencies: maker.layers(random.whole(1, 3), 50, 1.0),
      versions: [] as MadeImage[],
      daysBetweenVersions,
      nextVersion: START,
      takenBackUntil: 0,
    };
  };
  type Workload = ReturnType<typeof workload>;
  const imageOf = (of: Workload, time: number): MadeImage => {
    while (of.nextVersion <= time) {
      if (of.versions.length > 0 && random.chance(0.3))
        of.dependencies = maker.layers(of.dependencies.length, 50, 1.0);
      of.versions.push(
        maker.image(`${of.name}:${of.versions.length}`, [
          ...of.on.layers,
          ...of.dependencies,
          ...maker.layers(random.whole(1, 2), 12, 1.2),
        ]),
      );
      if (of.versions.length > 1 && random.chance(0.08)) of.takenBackUntil = of.nextVersion + 6 * HOUR;
      of.nextVersion += Math.max(HOUR, random.exponential(of.daysBetweenVersions) * DAY);
    }
    const at = of.versions.length - (time < of.takenBackUntil ? 2 : 1);
    return of.versions[at] ?? maker.image('never', []);
  };
  const services = Array.from({ length: 90 }, (_, at) => ({
    ...workload(`service-${at}`, random.logNormal(7, 0.9)),
    weight: random.logNormal(1, 1.3),
  }));
  const periods = [0.25, 1, 1, 6, 24, 24, 24, 168] as const;
  const crons = Array.from({ length: 30 }, (_, at) => {
    const period = random.pick(periods) * HOUR;
    return { ...workload(`cron-${at}`, 30), period, next: START + random.next() * period };
  });
  const batch = Array.from({ length: 260 }, (_, at) => ({
    image: maker.image(`batch-${at}:1`, [
      ...(heavy[random.whole(0, 2)] ?? []),
      ...maker.layers(random.whole(1, 4), 150, 1.2),
    ]),
    weight: random.logNormal(1, 1.5),
  }));
  for (let hour = 0; hour < days * 24; hour++) {
    random.hour(hour);
    const time = START + hour * HOUR;
    if (hour % 24 === 0) {
      for (const each of [...services, ...batch]) each.weight *= Math.exp(0.15 * random.normal());
      if (random.chance(1 / 15)) base().layers = maker.layers(random.whole(2, 4), 45, 0.9);
    }
    const mean = (podsPerDay / 24) * busyness(time, 0.5, 0.6);
    for (let at = random.exponential(1 / mean); at < 1; at += random.exponential(1 / mean)) {
      const service = random.weighted(services, (each) => each.weight);
      if (service === undefined) continue;
      const began = time + at * HOUR;
      const pods = random.chance(0.04) ? random.whole(3, 15) : 1;
      for (let pod = 0; pod < pods; pod++)
        maker.use(imageOf(service, began), began + pod * 30, Math.min(DAY, random.logNormal(900, 1.2)));
    }
    for (let at = random.exponential(4); at < 1; at += random.exponential(4)) {
      const job = random.weighted(batch, (each) => each.weight);
      if (job === undefined) continue;
      // A batch is often repeated with other parameters.
      for (let runs = random.chance(0.3) ? random.whole(2, 8) : 1; runs > 0; runs--)
        maker.use(job.image, time + (at + random.exponential(0.7)) * HOUR, random.logNormal(900, 0.9));
    }
    for (const cron of crons) {
      for (; cron.next < time + HOUR; cron.next += cron.period)
        maker.use(imageOf(cron, cron.next), cron.next, random.logNormal(90, 0.8));
    }
  }
  return maker.sorted();
}
