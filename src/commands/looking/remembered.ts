/** What a daemon remembers of the use of images, for the commands that look on. */
import type { Config } from '../../config/config.ts';
import type { UsageHistory } from '../../core/use-history/history.ts';
import { applyEvent } from '../../core/use-history/apply-event.ts';
import { loadHistory, SAVED_AT_LEAST_EVERY_MS } from '../../history/saved.ts';
import { warn } from './messages.ts';

/** Undefined where nothing is written down. Only read here. */
export async function remembered({
  stateFile,
}: Pick<Config, 'stateFile'>): Promise<UsageHistory | undefined> {
  if (stateFile === undefined) return undefined;
  const saved = await loadHistory(stateFile);
  if (saved === undefined) return undefined;
  if (!('lost' in saved)) {
    const { history, seenUntilMs } = saved;
    const nowMs = Date.now();
    // Nothing is followed: what has happened since is unknown.
    if (nowMs - seenUntilMs > 2 * SAVED_AT_LEAST_EVERY_MS)
      applyEvent(history, { kind: 'gap', fromMs: seenUntilMs, toMs: nowMs });
    return history;
  }
  warn(`planned without usage history: ${saved.lost}`);
  return undefined;
}
