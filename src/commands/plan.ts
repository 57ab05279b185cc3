/** `plan`: what a sweep would delete now, in order, and what it would keep, each with its reason. Deletes nothing. */
import type { Config } from '../config/config.ts';
import type { Output } from '../config/requests/list-options.ts';
import { DeletionBudget } from '../core/plan/deletion-budget.ts';
import { planUnused } from '../core/plan/plan-unused.ts';
import { makePlan, planAtHigh } from '../core/plan/plan.ts';
import { windowState } from '../core/model/window.ts';
import { planJson } from '../surfaces/json/plan.ts';
import { planText, type ShownPlan } from '../surfaces/terminal/plan-text.ts';
import { diskOf, isAboutEverything, look, thresholdsOf } from './looking/look.ts';
import { warn } from './looking/messages.ts';
import { planRules } from './looking/plan-rules.ts';
import { remembered } from './looking/remembered.ts';
import { show } from './looking/watch.ts';

export async function plan(given: Config, output: Output): Promise<number> {
  const config = { ...given, thresholds: thresholdsOf(given) };
  const { thresholds } = config;
  const disk = diskOf(config);
  const see = async (until: AbortSignal): Promise<ShownPlan> => {
    await config.rereadKeepFile(({ event, path, ...news }) => {
      if (event === 'keep-file.failed') warn('message' in news ? news.message : path);
    });
    const seen = await look(config, until, disk);
    const { store, usage, takenAtMs: nowMs } = seen.snapshot;
    const history = await remembered(config);
    const rules = planRules(config, () => history);
    const due = makePlan({ store, usage, nowMs }, rules);
    const atHigh = planAtHigh({ store, usage, nowMs }, rules);
    return {
      ...{ seen, why: config.target.why, due, thresholds, atHigh },
      isAboutEverything: isAboutEverything(thresholds),
      // What a daemon has freed in the last hour is not known here.
      cut: new DeletionBudget(config).cut((atHigh ?? due).victims, 0),
      unused: planUnused({ store, nowMs }, rules),
      window: config.window && windowState(config.window, nowMs),
    };
  };
  return await show({ see, text: planText, json: planJson }, output);
}
