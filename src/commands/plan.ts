/** `plan`: what a sweep would delete now, in order, and what it would keep, each with its reason. Deletes nothing. */
import type { Config } from '../config/config.ts';
import type { ListOptions } from '../config/requests/list-options.ts';
import { DeletionBudget } from '../core/plan/deletion-budget.ts';
import { planUnused } from '../core/plan/plan-unused.ts';
import { makePlan, planAtHigh } from '../core/plan/plan.ts';
import { windowState } from '../core/model/window.ts';
import { EXIT } from '../cli/exit-status.ts';
import { planJson } from '../surfaces/json/plan.ts';
import { planText, type ShownPlan } from '../surfaces/terminal/plan-text.ts';
import { outputLook } from '../surfaces/terminal/table.ts';
import {
  diskOf,
  isAboutEverything,
  look,
  orUnavailable,
  type Output,
  printJson,
  thresholdsOf,
} from './looking/look.ts';
import { warn } from './looking/messages.ts';
import { planRules } from './looking/plan-rules.ts';
import { remembered } from './looking/remembered.ts';
import { watch } from './looking/watch.ts';

export async function plan(
  given: Config,
  output: Output,
  list: ListOptions,
  signal: AbortSignal,
): Promise<number> {
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
    // What a daemon has freed in the last hour is not known here.
    const cut = new DeletionBudget(config).cut((atHigh ?? due).victims, 0);
    const unused = planUnused({ store, nowMs }, rules);
    const { why } = config.target;
    const window = config.window && windowState(config.window, nowMs);
    return {
      seen,
      why,
      isAboutEverything: isAboutEverything(thresholds),
      due,
      thresholds,
      atHigh,
      cut,
      unused,
      window,
    };
  };
  if (output === 'watch') return await watch(see, (shown, page) => planText(shown, { ...page, ...list }));
  return await orUnavailable(async () => {
    const shown = await see(signal);
    if (output === 'json') printJson(planJson(shown.seen, shown.due, thresholds, shown));
    else process.stdout.write(planText(shown, { ...outputLook(), ...list }));
    return EXIT.done;
  });
}
