/** What `run` and `clean` give the daemon of the configuration. */
import type { DaemonOptions } from '../../daemon/options.ts';
import type { Config } from '../../config/config.ts';
import type { Reporter } from '../../events/events.ts';
import { RemovedNames } from '../../sweep/remove/removed-names.ts';
import type { StopSignals } from '../../system/signals.ts';

/** What they make themselves. */
export type Parts = Pick<
  DaemonOptions,
  | 'engine'
  | 'disk'
  | 'rules'
  | 'isFollowing'
  | 'isStillUnused'
  | 'cordon'
  | 'budget'
  | 'audience'
  | 'removedNames'
  | 'report'
>;

export function daemonOptions(config: Config, parts: Parts, { stop, abandon }: StopSignals): DaemonOptions {
  return { ...config, ...parts, rereadRules: () => config.rereadKeepFile(parts.report), stop, abandon };
}

/**
 * Where names are recorded that are removed before their image: beside the state file, where there is one.
 * @param end of the file's name: each process that may run at the same time has its own.
 */
export function namesOf(
  { stateFile, dryRun }: Config,
  end: '.names' | '.clean-names',
  report: Reporter,
): RemovedNames | undefined {
  if (stateFile === undefined || dryRun) return undefined;
  return new RemovedNames({
    path: `${stateFile}${end}`,
    onRestored: (id, references) => report({ event: 'image.names-restored', id, references }),
    onUnwritten: (path, message) => report({ event: 'history.write-failed', path, message }),
    onLost: (path, message) => report({ event: 'history.state-lost', path, message }),
  });
}
