/** What `run` serves over HTTP: the page with its companions, the health checks, both or nothing. */
import type { Config } from '../../config/config.ts';
import { variableOf } from '../../config/settings.ts';
import type { DeletionBudget } from '../../core/plan/deletion-budget.ts';
import { findPolicy } from '../../core/policy/registry.ts';
import type { PlanRules } from '../../core/plan/plan-rules.ts';
import type { Engine } from '../../engine/engine.ts';
import { watched } from '../../engine/counted.ts';
import type { Reporter } from '../../events/events.ts';
import type { HttpSurface } from '../../surfaces/http/http.ts';
import type { Probes } from '../../surfaces/http/probes.ts';

export { TokenError } from '../../surfaces/http/server/token-error.ts';

/** The page and its companions, or no more than the health checks. */
export type Served = HttpSurface | Probes;

/** Starts what the configuration asks for; nothing of HTTP is loaded without an address. @throws ListenError, TokenError */
export async function serve(
  config: Config,
  {
    rules,
    budget,
    report,
  }: {
    readonly rules: PlanRules;
    readonly budget: DeletionBudget;
    readonly report: Reporter;
  },
): Promise<Served | undefined> {
  const { stateFile, pathToCheck: path, httpAddress, probeAddress, timeoutSeconds } = config;
  const { httpTokenFile: file } = config;
  const complain = (message: string): void => {
    report({ event: 'config.warning', message: `${variableOf('httpTokenFile')}: ${message}` });
  };
  if (httpAddress === undefined) {
    if (probeAddress === undefined) return undefined;
    const { startProbes } = await import('../../surfaces/http/probes.ts');
    return await startProbes(probeAddress, timeoutSeconds);
  }
  const { startHttp } = await import('../../surfaces/http/http.ts');
  return await startHttp({
    address: httpAddress,
    allowedHosts: config.httpAllowedHosts,
    host: config.nodeName,
    probeAddress,
    token: file === undefined ? undefined : { file, complain },
    past: stateFile === undefined ? undefined : { file: `${stateFile}.activity`, path, report },
    rules,
    budget,
    intervalSeconds: config.intervalSeconds,
    timeoutSeconds,
    dryRun: config.dryRun,
    cordons: config.nodeName !== undefined,
    followsHistory: followsHistory(config),
  });
}

/** The engine, with its failed requests counted where somebody counts. */
export function watchedBy(engine: Engine, served: Served | undefined): Engine {
  return served !== undefined && 'engineFailed' in served
    ? watched(engine, ({ code }) => served.engineFailed(code))
    : engine;
}

/** Whether the policy needs the use of images, or it is to be recorded. */
export function followsHistory(config: Config): boolean {
  const { policy, stateFile, recordTrace, softLevel, thresholds, watchSeconds, maxUnusedSeconds } = config;
  // Usage below the path is not known without measuring: the engine's events say when that is worthwhile.
  if (thresholds.type === 'absolute' && watchSeconds > 0) return true;
  // Gentle mode asks it whether the engine is quiet.
  const isNeeded =
    findPolicy(policy).needsHistory === true || softLevel !== undefined || maxUnusedSeconds > 0;
  return isNeeded || stateFile !== undefined || recordTrace !== undefined;
}
