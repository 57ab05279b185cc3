/**
 * The files that the settings name, checked when the daemon starts: a file that can never be written is reported
 * then, not later.
 */
import type { Config } from '../../config/config.ts';
import { variableOf } from '../../config/settings.ts';
import type { Reporter } from '../../events/events.ts';
import { notAPlainFile } from '../../system/plain-file.ts';

/** The files beside the state file, by the ends of their names, and what creates each. */
const ends = ['', '.layers', '.activity', '.names', '.clean-names'];

/** Reports which of them cannot be written; the process must end then. */
export async function filesAreUsable(
  { stateFile, recordTrace }: Pick<Config, 'stateFile' | 'recordTrace'>,
  report: Reporter,
): Promise<boolean> {
  const named = [
    ...(stateFile === undefined
      ? []
      : ends.map((end) => [variableOf('stateFile'), `${stateFile}${end}`] as const)),
    ...(recordTrace === undefined ? [] : [[variableOf('recordTrace'), recordTrace] as const]),
  ];
  const looked = await Promise.all(
    named.map(async ([name, path]) => ({ name, path, odd: await notAPlainFile(path) })),
  );
  let areUsable = true;
  for (const { name, path, odd } of looked) {
    if (odd === undefined) continue;
    areUsable = false;
    report({
      event: 'file.refused',
      path,
      message: `${name}: ${odd.message}. Name a plain file, or a path that does not exist yet.`,
    });
  }
  return areUsable;
}
