/**
 * Every setting of the cleaner, once. The environment, the command line, `--help`, the configuration page and the
 * type of the configuration are all made from this table; a new setting is a new entry in one of its parts.
 *
 * The key is the name in the configuration; the variable (`intervalSeconds` is
 * `DOCKER_IMAGE_CLEANER_INTERVAL_SECONDS`) and the flag (`--interval-seconds`) are derived from it.
 */
import { diskSettings } from './settings/disk.ts';
import type { Setting } from './settings/setting.ts';
import { surroundingSettings } from './settings/surroundings.ts';
import { sweepSettings } from './settings/sweeps.ts';

export { groups, type Setting } from './settings/setting.ts';

export const settings = { ...diskSettings, ...sweepSettings, ...surroundingSettings };

export type SettingKey = keyof typeof settings;
export const settingKeys = Object.keys(settings) as readonly SettingKey[];

/** What each setting becomes, by its key. */
export type SettingValues = {
  readonly [K in SettingKey]: (typeof settings)[K] extends Setting<infer T> ? T : never;
};

export const variablePrefix = 'DOCKER_IMAGE_CLEANER_';

/** The setting's environment variable: `DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH` for `thresholdHigh`. */
export function variableOf(key: SettingKey): string {
  return variablePrefix + key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** The setting's flag: `--threshold-high` for `thresholdHigh`. */
export function flagOf(key: SettingKey): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
