/** `plan`: what a sweep would delete now, in order, and what it would keep, each with its reason. Deletes nothing. */
import { shortId } from '../core/model/store.ts';
import type { Config } from '../config/config.ts';
import { DeletionBudget } from '../core/deletion-budget.ts';
import { endText, formatBytes, formatCount, formatLevel } from '../core/model/format.ts';
import { findPolicy } from '../core/policy/registry.ts';
import { describePattern } from '../core/eligible/pattern.ts';
import { makePlan, type Plan, planAtHigh } from '../core/plan.ts';
import { level, type Thresholds } from '../core/model/thresholds.ts';
import { windowState } from '../core/model/window.ts';
import { EXIT } from '../cli/exit-status.ts';
import { type PlanBesides, planJson } from '../surfaces/json/plan.ts';
import { gauges, table } from '../surfaces/terminal/terminal.ts';
import {
  complain,
  diskOf,
  type Look,
  look,
  orUnavailable,
  type Output,
  printJson,
  sourceLines,
  windowLine,
} from './look.ts';
import { remembered } from './remembered.ts';
import { watch } from './watch.ts';

export async function plan(config: Config, output: Output, signal: AbortSignal): Promise<number> {
  const { thresholds, protections, clean } = config;
  const policy = findPolicy(config.policy);
  const disk = diskOf(config);
  const see = async (until: AbortSignal): Promise<Parameters<typeof planText>> => {
    await config.rereadKeepFile(({ event, path, ...news }) => {
      if (event === 'keep-file.failed') complain('message' in news ? news.message : path);
    });
    const seen = await look(config, until, disk);
    const { store, usage, takenAtMs: nowMs } = seen.snapshot;
    const history = await remembered(config);
    const { criticalLevel } = config;
    const input = { store, usage, thresholds, policy, protections, criticalLevel, clean, history, nowMs };
    const due = makePlan(input);
    const atHigh = planAtHigh(input);
    // What a daemon has freed in the last hour is not known here.
    const cut = new DeletionBudget(config).cut((atHigh ?? due).victims, 0);
    return [
      seen,
      due,
      thresholds,
      { atHigh, cut, window: config.window && windowState(config.window, nowMs) },
    ];
  };
  if (output === 'watch') return await watch(async (until) => planText(...(await see(until))));
  return await orUnavailable(async () => {
    const all = await see(signal);
    if (output === 'json') printJson(planJson(...all));
    else process.stdout.write(planText(...all));
    return EXIT.done;
  });
}

/** The plan at HIGH is shown in place of one that has nothing to delete. */
function planText(
  seen: Look,
  due: Plan,
  thresholds: Thresholds,
  { atHigh, cut, window }: PlanBesides,
): string {
  const planned = atHigh ?? due;
  const show = (value: number): string => formatLevel(value, thresholds.type);
  const after = level(planned.predicted.usageAfter, thresholds.type).value;
  const verdict = due.triggered
    ? 'A sweep is due.'
    : atHigh === undefined
      ? 'No sweep is due: usage is below the high threshold. If one began now:'
      : `No sweep is due: usage is below the low threshold. At the high threshold (${show(thresholds.high)}) it would delete:`;
  const ending =
    planned.victims.length === 0
      ? 'Nothing would be deleted.'
      : `${formatCount(planned.victims.length, planned.victims.every(({ kind }) => kind === 'image') ? 'image' : 'victim')} would go, about ${formatBytes(planned.predicted.freed.bytes)}: ${endText(after, thresholds.type)}${planned.predicted.reachesLow ? '' : ', which does not reach the low threshold'}.`;
  return [
    gauges(seen.snapshot.usage, thresholds),
    ...sourceLines(seen),
    ...windowLine(window),
    '',
    verdict,
    ...(planned.victims.length === 0
      ? []
      : [
          '',
          table(
            ['DELETE', 'ID', 'SIZE', 'WHY'],
            planned.victims.map((victim) => [
              victim.references[0] ?? '<none>',
              shortId(victim.id),
              formatBytes(victim.sizeBytes),
              victim.reason,
            ]),
            [2],
          ),
        ]),
    '',
    ending,
    ...(cut === undefined ? [] : [`One sweep deletes only the first ${cut.victims}: ${cut.reason}.`]),
    ...planned.unmatchedKeep.map(
      (pattern) => `The KEEP pattern ${describePattern(pattern)} matches no image here.`,
    ),
    ...(planned.kept.length === 0
      ? []
      : [
          '',
          table(
            ['KEEP', 'ID', 'SIZE', 'WHY'],
            planned.kept.map((image) => [
              image.references[0] ?? '<none>',
              shortId(image.id),
              formatBytes(image.sizeBytes),
              image.reason,
            ]),
            [2],
          ),
        ]),
    '',
  ].join('\n');
}
