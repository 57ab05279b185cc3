/**
 * `status`: the disk against the thresholds, where its space is, and every image: size, what is its own and what it
 * shares, age, names, and which container uses it.
 */
import type { Config } from '../config/config.ts';
import type { ListOptions } from '../config/list-options.ts';
import { forestOf } from '../core/forest/forest.ts';
import { EXIT } from '../cli/exit-status.ts';
import { statusJson } from '../surfaces/json/status.ts';
import { type ShownStatus, statusText } from '../surfaces/terminal/status-text.ts';
import { outputLook } from '../surfaces/terminal/table.ts';
import { diskOf, look, orUnavailable, type Output, printJson } from './look.ts';
import { watch } from './watch.ts';

export async function status(
  config: Config,
  output: Output,
  list: ListOptions,
  signal: AbortSignal,
): Promise<number> {
  const disk = diskOf(config);
  const see = async (until: AbortSignal): Promise<ShownStatus> => {
    const seen = await look(config, until, disk);
    const answer = await seen.observer.space(seen.snapshot.store, until);
    const { thresholds, protections } = config;
    return { seen, answer, forest: forestOf(seen.snapshot.store), thresholds, keep: protections.keep };
  };
  if (output === 'watch') return await watch(see, (shown, page) => statusText(shown, { ...page, ...list }));
  return await orUnavailable(async () => {
    const shown = await see(signal);
    if (output === 'json') printJson(statusJson(shown.seen, shown.answer, shown.forest, shown.thresholds));
    else process.stdout.write(statusText(shown, { ...outputLook(), ...list }));
    return EXIT.done;
  });
}
