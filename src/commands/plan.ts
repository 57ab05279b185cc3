/** `plan`: what a sweep would delete now, in order, and what it would keep, each with its reason. Deletes nothing. */
import { shortId } from '../core/model/store.ts';
import type { Config } from '../config/config.ts';
import { DeletionBudget } from '../core/deletion-budget.ts';
import { endText, formatBytes, formatCount, formatDuration, formatLevel } from '../core/model/format.ts';
import { findPolicy } from '../core/policy/registry.ts';
import { describePattern } from '../core/eligible/pattern.ts';
import { planUnused, type UnusedPlan } from '../core/plan-unused.ts';
import { makePlan, type Plan, planAtHigh } from '../core/plan.ts';
import { level, type Thresholds } from '../core/model/thresholds.ts';
import { windowState } from '../core/model/window.ts';
import type { UsageHistory } from '../core/use-history/history.ts';
import { loadHistory } from '../history/saved.ts';
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
    const input = { store, usage, thresholds, policy, protections, clean, history, nowMs };
    const due = makePlan(input);
    const atHigh = planAtHigh(input);
    // What a daemon has freed in the last hour is not known here.
    const cut = new DeletionBudget(config).cut((atHigh ?? due).victims, 0);
    const { maxUnusedSeconds } = config;
    const unused = maxUnusedSeconds > 0 ? planUnused(input, maxUnusedSeconds) : undefined;
    return [
      seen,
      due,
      thresholds,
      { atHigh, cut, unused, window: config.window && windowState(config.window, nowMs) },
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

/** What the daemon remembers of the use of images, where it writes that down. Only read here. */
async function remembered({ stateFile }: Config): Promise<UsageHistory | undefined> {
  if (stateFile === undefined) return undefined;
  const saved = await loadHistory(stateFile);
  if (saved === undefined) return undefined;
  if (!('lost' in saved)) return saved.history;
  complain(`planned without the use of images: ${saved.lost}`);
  return undefined;
}

/** What goes whatever the disk says. */
function unusedLines(unused: UnusedPlan | undefined): readonly string[] {
  if (unused === undefined) return [];
  const { victims, missingSeconds, maxUnusedSeconds, freed } = unused;
  const longer = `unused for more than ${formatDuration(maxUnusedSeconds)} (max-unused)`;
  if (missingSeconds > 0)
    return [`Nothing is deleted for being ${longer} yet: use must be watched for ${formatDuration(missingSeconds)} more.`];
  if (victims.length === 0) return [`No image that may go is ${longer}.`];
  const count = formatCount(victims.length, 'image');
  return [
    '',
    `${count} ${longer}, about ${formatBytes(freed.bytes)}: deleted whatever the disk says.`,
    '',
    table(
      ['DELETE', 'ID', 'SIZE', 'WHY'],
      victims.map(({ references, id, sizeBytes, reason }) => [
        references[0] ?? '<none>',
        shortId(id),
        formatBytes(sizeBytes),
        reason,
      ]),
      [2],
    ),
  ];
}

/** The plan at HIGH is shown in place of one that has nothing to delete. */
function planText(
  seen: Look,
  due: Plan,
  thresholds: Thresholds,
  { atHigh, cut, unused, window }: PlanBesides,
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
    ...unusedLines(unused),
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
