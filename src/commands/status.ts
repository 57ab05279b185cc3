/**
 * `status`: the disk against the thresholds, where its space is, and every image: size, own and shared part, age,
 * names, and the containers that use it.
 */
import type { Config } from '../config/config.ts';
import type { Output } from '../config/requests/list-options.ts';
import { FillRate } from '../core/model/forecast.ts';
import { forestOf } from '../core/forest/forest.ts';
import { planUnused, summaryOf } from '../core/plan/plan-unused.ts';
import type { UnusedSummary } from '../core/model/unused.ts';
import { windowState } from '../core/model/window.ts';
import type { Snapshot } from '../observe/observer.ts';
import { statusJson } from '../surfaces/json/status.ts';
import { type ShownStatus, statusText } from '../surfaces/terminal/status-text.ts';
import { diskOf, look, thresholdsOf } from './looking/look.ts';
import { planRules } from './looking/plan-rules.ts';
import { remembered } from './looking/remembered.ts';
import { show } from './looking/watch.ts';

export async function status(given: Config, output: Output): Promise<number> {
  const config = { ...given, thresholds: thresholdsOf(given) };
  const disk = diskOf(config);
  const fillRate = await pastFillRate(config);
  const see = async (until: AbortSignal): Promise<ShownStatus> => {
    const seen = await look(config, until, disk);
    const answer = await seen.observer.space(seen.snapshot.store, until);
    fillRate.add(seen.snapshot.usage, seen.snapshot.takenAtMs);
    const { thresholds, protections, target, window } = config;
    const forest = forestOf(seen.snapshot.store);
    const forecast = fillRate.forecast();
    return {
      ...{ seen, why: target.why, answer, forest, thresholds, keep: protections.keep, forecast },
      window: window && windowState(window, seen.snapshot.takenAtMs),
      unused: await unusedOf(config, seen.snapshot),
    };
  };
  return await show({ see, text: statusText, json: statusJson }, output);
}

async function unusedOf(config: Config, { store, takenAtMs }: Snapshot): Promise<UnusedSummary | undefined> {
  if (config.maxUnusedSeconds <= 0) return undefined;
  const history = await remembered(config);
  const plan = planUnused(
    { store, nowMs: takenAtMs },
    planRules(config, () => history),
  );
  return plan && summaryOf(plan);
}

/** What a daemon remembers of the disk, if it records that; `--watch` continues from there. */
async function pastFillRate({ stateFile, pathToCheck }: Config): Promise<FillRate> {
  if (stateFile === undefined) return new FillRate();
  const { savedFillRate } = await import('../surfaces/http/state/activity-file.ts');
  return await savedFillRate(`${stateFile}.activity`, pathToCheck);
}
