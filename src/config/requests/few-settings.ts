/** For commands that take a few settings only: all others are refused, so that none is ignored in silence. */
import type { Flags } from '../config.ts';
import { flagOf, settingKeys, type SettingKey } from '../settings.ts';

/** One line for each flag that was given and is not taken. */
export function refuseOthers(command: string, flags: Flags, taken: readonly SettingKey[]): readonly string[] {
  const known = taken.map(flagOf).join(' and ');
  return settingKeys
    .filter((key) => !taken.includes(key) && (flags[key] ?? '') !== '')
    .map((key) => `${command} does not take ${flagOf(key)}: it takes only ${known}`);
}
