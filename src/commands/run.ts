/** `run`: the daemon, or with --once one check. */
import type { Config } from '../config/config.ts';
import { sleep } from '../system/clock.ts';
import { Daemon } from '../daemon/daemon.ts';
import type { ImageDisk } from '../disk/image-disk.ts';
import type { PlanRules } from '../core/plan/plan-rules.ts';
import { DeletionBudget } from '../core/plan/deletion-budget.ts';
import { ClusterError } from '../cluster/error.ts';
import type { Reporter } from '../events/events.ts';
import type { SweepCordon } from '../sweep/cordon-guard.ts';
import { createEngine } from '../engine/connect/create.ts';
import type { Engine } from '../engine/engine.ts';
import { endpointOf } from '../engine/connect/detect.ts';
import { imagesBytes } from '../engine/images-bytes.ts';
import type { History } from '../history/history.ts';
import { EXIT } from '../cli/exit-status.ts';
import { listenForCheckRequests, listenForSignals, type StopSignals } from '../system/signals.ts';
import { ListenError, TokenError } from '../surfaces/http/server/errors.ts';
import { createLog } from '../surfaces/log/log.ts';
import { withProgress } from '../surfaces/terminal/progress.ts';
import { version } from '../system/version.ts';
import type { Notifier } from '../surfaces/notify/notifier.ts';
import { checkStatus } from './cleaning/check-status.ts';
import { daemonOptions, namesOf } from './cleaning/daemon-options.ts';
import { filesAreUsable } from './cleaning/files.ts';
import { notifierOf } from './cleaning/notify.ts';
import { connectCordon } from './cleaning/node-cordon.ts';
import { diskOf } from './looking/look.ts';
import { planRules } from './looking/plan-rules.ts';
import { pathAtBoot } from './cleaning/path-at-boot.ts';
import { followsHistory, type Served, serve, watchedBy } from './cleaning/serve.ts';
import type { EngineAway } from './looking/with-engine.ts';

/** An engine that does not answer is for the check to report. */
const HISTORY_PATIENCE_MS = 5_000;

/** How long shutting down waits for a notice to be sent; it has 10 s for everything. */
const NOTIFY_END_MS = 2_000;
const NOTIFY_ONCE_MS = 10_000;

/** Runs until a signal (or, with `once`, for one check) and answers the exit status. */
export async function run(
  given: Config,
  once: boolean,
  warnings: readonly string[],
  away?: EngineAway,
): Promise<number> {
  const format = given.logFormat === 'auto' ? (process.stderr.isTTY ? 'text' : 'json') : given.logFormat;
  const { report: write, draw, end } = createLog(format, given.logLevel, { triesAgain: !once });
  // However the process ends.
  process.once('exit', end);
  const { stderr } = process;
  const log =
    format === 'text' && stderr.isTTY
      ? withProgress(write, { draw, columns: () => stderr.columns }, () => performance.now())
      : write;
  const surfaces: { http?: Served | undefined; notifier?: Notifier | undefined } = {};
  const report: Reporter = (event) => {
    log(event);
    surfaces.http?.report(event);
    surfaces.notifier?.on(event);
  };
  const budget = new DeletionBudget(given);
  // Before the first word: who reads it may answer with a signal.
  const signals = listenForSignals((signal) => report({ event: 'daemon.stopping', signal }));
  const asked: { daemon?: Daemon } = {};
  // Before the daemon exists, the first check is still pending.
  const ignoreRequests = listenForCheckRequests(() => asked.daemon?.checkNow());
  report({ event: 'engine.chosen', endpoint: await endpointOf(given.target), reason: given.target.why });
  for (const message of warnings) report({ event: 'config.warning', message });
  const remembered: { history?: History | undefined } = {};
  const rulesOf = (config: Config): PlanRules => planRules(config, () => remembered.history?.current());
  const isFollowing = (): boolean => remembered.history?.isFollowing() === true;
  let cordon: SweepCordon | undefined;
  try {
    if (!(await filesAreUsable(given, report))) return EXIT.usage;
    surfaces.notifier = await notifierOf(given, report);
    const isToWait = away !== undefined && !once;
    const config = isToWait ? await pathAtBoot(given, away, report, signals.stop) : given;
    // One check has nothing to serve.
    if (!once) surfaces.http = await serve(config, { rules: rulesOf(config), budget, report });
    for (const listener of surfaces.http?.listeners ?? []) report({ event: 'http.listening', ...listener });
    cordon = await connectCordon(config, report);
    if (cordon !== undefined && !(await cordon.start(signals.stop))) return EXIT.usage;
    // Any other engine's images are none of kubelet's.
    if (config.target.kind === 'cri') await cordon?.warnOfKubelet(config.thresholds, signals.stop);
    const { http } = surfaces;
    const engine = watchedBy(await createEngine(config), http);
    const disk = diskOf(config, config.stateFile && `${config.stateFile}.layers`);
    disk.countImagesBy((signal) => imagesBytes(engine, signal));
    remembered.history = await follow(config, engine, disk, report, signals.stop);
    // A single check has no time to follow events: it uses what engine and state file know now.
    if (once && remembered.history !== undefined)
      await Promise.race([remembered.history.synced, sleep(HISTORY_PATIENCE_MS, signals.stop)]);
    const removedNames = namesOf(config, '.names', report);
    const rules = rulesOf(config);
    const parts = { engine, disk, rules, isFollowing, cordon, budget, audience: http, removedNames, report };
    const daemon = new Daemon(daemonOptions(config, parts, signals));
    asked.daemon = daemon;
    report({
      event: 'daemon.started',
      version,
      path: disk.path,
      thresholds: config.thresholds,
      intervalSeconds: config.intervalSeconds,
      dryRun: config.dryRun,
    });
    try {
      if (once) return checkStatus(await daemon.check());
      await daemon.run();
      return EXIT.done;
    } finally {
      await cordon?.close(signals.abandon);
      await remembered.history?.close();
      report({ event: 'daemon.stopped' });
    }
  } catch (error) {
    if (error instanceof ListenError) {
      report({ event: 'http.failed', address: error.address, message: error.message });
      return EXIT.usage;
    }
    // Stopped before there was anything to stop.
    if (signals.stop.aborted && isAbort(error, signals)) {
      report({ event: 'daemon.stopped' });
      return EXIT.done;
    }
    if (error instanceof TokenError) {
      report({ event: 'file.refused', path: error.path, message: error.message });
      return EXIT.usage;
    }
    if (!(error instanceof ClusterError)) throw error;
    report({ event: 'cluster.access-missing', message: error.message, required: true });
    return EXIT.usage;
  } finally {
    await surfaces.notifier?.close(once ? NOTIFY_ONCE_MS : NOTIFY_END_MS);
    await surfaces.http?.close();
    ignoreRequests();
    signals.dispose();
  }
}

/** Whether an error is only the echo of a signal. */
function isAbort(error: unknown, { stop, abandon }: StopSignals): boolean {
  const isEcho = error === stop.reason || error === abandon.reason;
  return isEcho || (error instanceof Error && error.name === 'AbortError');
}

/** Tracks image use, if needed. */
async function follow(
  config: Config,
  engine: Engine,
  disk: ImageDisk,
  report: Reporter,
  stop: AbortSignal,
): Promise<History | undefined> {
  if (!followsHistory(config)) return undefined;
  const { stateFile, recordTrace } = config;
  const { startHistory } = await import('../history/history.ts');
  const measuredLayers = (): ReturnType<ImageDisk['knownLayers']> => disk.knownLayers();
  return await startHistory(
    { engine, stateFile, recordTrace, report, measuredLayers, clock: Date.now },
    stop,
  );
}
