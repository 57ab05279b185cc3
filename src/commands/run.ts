/** `run`: the daemon, or with --once one check. */
import type { Config } from '../config/config.ts';
import { type CheckResult, Daemon } from '../daemon.ts';
import { ImageDisk } from '../disk/image-disk.ts';
import { findPolicy } from '../core/policy/registry.ts';
import { createEngine } from '../engine/create.ts';
import { EXIT } from '../exit-status.ts';
import { listenForSignals } from '../signals.ts';
import { createLog } from '../surfaces/log.ts';
import { version } from '../version.ts';

/** Runs until a signal (or, with `once`, for one check) and answers the exit status. */
export async function run(config: Config, once: boolean, warnings: readonly string[]): Promise<number> {
  const format = config.logFormat === 'auto' ? (process.stderr.isTTY ? 'text' : 'json') : config.logFormat;
  const report = createLog(format, config.logLevel);
  for (const message of warnings) report({ event: 'config.warning', message });
  const signals = listenForSignals((signal) => report({ event: 'daemon.stopping', signal }));
  const daemon = new Daemon({
    engine: createEngine(config),
    disk: new ImageDisk(config.pathToCheck, config.thresholds.type),
    policy: findPolicy(config.policy),
    protections: config.protections,
    report,
    thresholds: config.thresholds,
    intervalSeconds: config.intervalSeconds,
    delaySeconds: config.delaySeconds,
    timeoutSeconds: config.timeoutSeconds,
    dryRun: config.dryRun,
    stop: signals.stop,
    abandon: signals.abandon,
  });
  report({
    event: 'daemon.started',
    version,
    path: config.pathToCheck,
    thresholds: config.thresholds,
    intervalSeconds: config.intervalSeconds,
    dryRun: config.dryRun,
  });
  try {
    if (once) return exitStatus(await daemon.check());
    await daemon.run();
    return EXIT.done;
  } finally {
    signals.dispose();
    report({ event: 'daemon.stopped' });
  }
}

function exitStatus(result: CheckResult): number {
  switch (result.outcome) {
    case 'below-high':
    case 'skipped':
    case 'stopped':
      return EXIT.done;
    case 'unavailable':
      return EXIT.unavailable;
    case 'swept': {
      const { reachedLow, dryRun, stoppedBecause } = result.sweep;
      if (reachedLow || dryRun) return EXIT.done;
      return stoppedBecause === 'engine-unavailable' || stoppedBecause === 'path-unavailable'
        ? EXIT.unavailable
        : EXIT.aboveLow;
    }
  }
}
