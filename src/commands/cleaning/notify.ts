/** The notifier of `run`, if one is set. */
import { hostname } from 'node:os';
import type { Config } from '../../config/config.ts';
import type { Reporter } from '../../events/events.ts';
import type { Notifier } from '../../surfaces/notify/notifier.ts';
import { version } from '../../system/version.ts';

/** Nothing of it is loaded without an address. */
export async function notifierOf(config: Config, report: Reporter): Promise<Notifier | undefined> {
  const { notifyUrl: receiver, notifyFormat: format, criticalLevel, nodeName } = config;
  if (receiver === undefined) return undefined;
  const [{ Notifier: Started }, { PATIENCE_MS }] = await Promise.all([
    import('../../surfaces/notify/notifier.ts'),
    import('../../surfaces/notify/notices.ts'),
  ]);
  return new Started({
    receiver,
    format,
    sender: { host: nodeName ?? hostname(), version },
    criticalLevel,
    patienceMs: PATIENCE_MS,
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
    report,
  });
}
