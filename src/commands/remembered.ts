/** What a daemon remembers of the use of images, for the commands that look on. */
import type { Config } from '../config/config.ts';
import type { UsageHistory } from '../core/use-history/history.ts';
import { loadHistory } from '../history/saved.ts';
import { complain } from './look.ts';

/** Undefined where nothing is written down. Only read here. */
export async function remembered({
  stateFile,
}: Pick<Config, 'stateFile'>): Promise<UsageHistory | undefined> {
  if (stateFile === undefined) return undefined;
  const saved = await loadHistory(stateFile);
  if (saved === undefined) return undefined;
  if (!('lost' in saved)) return saved.history;
  complain(`planned without the use of images: ${saved.lost}`);
  return undefined;
}
