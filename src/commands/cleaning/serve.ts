/** What `run` serves over HTTP: the page with its companions, the health checks, both or nothing. */
import type { Config } from '../../config/config.ts';
import { variableOf } from '../../config/settings.ts';
import { findPolicy } from '../../core/policy/registry.ts';
import type { Engine } from '../../engine/engine.ts';
import { watched } from '../../engine/counted.ts';
import type { Reporter } from '../../events/events.ts';
import type { HttpOptions, HttpSurface } from '../../surfaces/http/http.ts';
import type { Probes } from '../../surfaces/http/probes.ts';

/** The page and its companions, or no more than the health checks. */
export type Served = HttpSurface | Probes;

/** Starts what the configuration asks for; nothing of HTTP is loaded without an address. @throws ListenError, TokenError */
export async function serve(
  config: Config,
  { report, ...plan }: Pick<HttpOptions, 'rules' | 'budget'> & { readonly report: Reporter },
): Promise<Served | undefined> {
  const { stateFile, pathToCheck: path, httpAddress, httpTokenFile: file, probeAddress, nodeName } = config;
  if (httpAddress === undefined) {
    if (probeAddress === undefined) return undefined;
    const { startProbes } = await import('../../surfaces/http/probes.ts');
    return await startProbes(probeAddress, config.timeoutSeconds);
  }
  const complain = (message: string): void => {
    report({ event: 'config.warning', message: `${variableOf('httpTokenFile')}: ${message}` });
  };
  const { startHttp } = await import('../../surfaces/http/http.ts');
  return await startHttp({
    ...config,
    ...plan,
    address: httpAddress,
    allowedHosts: config.httpAllowedHosts,
    host: nodeName,
    token: file === undefined ? undefined : { file, complain },
    past: stateFile === undefined ? undefined : { file: `${stateFile}.activity`, path, report },
    cordons: nodeName !== undefined,
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
