/**
 * Environment and flags → configuration. Pure: both are arguments. All problems are found and reported together; a
 * configuration with a problem is refused as a whole.
 */
import type { Clean } from '../core/eligible/cache-and-containers.ts';
import type { Protections } from '../core/eligible/rules.ts';
import type { Thresholds } from '../core/model/thresholds.ts';
import { engineAddress, type AddressProblem, type EngineAddress } from '../engine/address.ts';
import type { EngineTarget } from '../engine/connect/detect.ts';
import { judgeHttp } from './http.ts';
import type { KeepFileNews } from './keep-file.ts';
import { nearest } from './values/nearest.ts';
import { problemLine, shownName } from './values/problem.ts';
import {
  flagOf,
  settingKeys,
  settings,
  variableOf,
  variablePrefix,
  type Setting,
  type SettingKey,
  type SettingValues,
} from './settings.ts';
import { judgeThresholds } from './thresholds.ts';

const thresholdKeys = [
  'thresholdType',
  'thresholdHigh',
  'thresholdLow',
  'softThreshold',
  'thresholdCritical',
] as const;
type ThresholdKey = (typeof thresholdKeys)[number];
const protectionKeys = [
  'keep',
  'keepLabel',
  'minAgeSeconds',
  'keepLast',
] as const satisfies (keyof Protections)[];
const cleanKeys = ['clean', 'stoppedContainerAgeSeconds'] as const satisfies SettingKey[];
type CleanKey = (typeof cleanKeys)[number];

/** Every setting by its key, thresholds, protections and what may be deleted as one value each, and the engine's address. */
export type LoadedConfig = Omit<SettingValues, ThresholdKey | keyof Protections | CleanKey> & {
  readonly thresholds: Thresholds;
  readonly protections: Protections;
  readonly clean: Clean;
  /** In the thresholds' unit; undefined: never critical. */
  readonly criticalLevel: number | undefined;
  /** In the thresholds' unit; undefined: no gentle mode. */
  readonly softLevel: number | undefined;
  /** The Docker Engine's address, if it is one. */
  readonly engine: EngineAddress;
  /** What named it; undefined: nothing did. A Docker context may yet. */
  readonly engineNamedBy: string | undefined;
};

/**
 * Once the engine was detected (src/engine/connect/detect.ts) and KEEP_FILE was read
 * (src/commands/looking/keep-file.ts).
 */
export type Config = Omit<KeepingConfig, 'pathToCheck'> & {
  readonly pathToCheck: string;
  /** Set where the engine's disk is not this machine's: why, a sentence for people. */
  readonly elsewhere?: string | undefined;
  readonly target: EngineTarget;
};

/** Its protections are those in force: they change with the file of KEEP_FILE. */
export type KeepingConfig = LoadedConfig & { readonly rereadKeepFile: RereadKeepFile };

/** Checks whether KEEP_FILE changed; true where other patterns are in force now. Never throws. */
export type RereadKeepFile = (report: (news: KeepFileNews) => void) => Promise<boolean>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** What was given on the command line, by setting, as written. An empty string counts as not given. */
export type Flags = { readonly [K in SettingKey]?: string | undefined };

/** Problems and warnings are one line each, without a line end. */
export type ConfigResult =
  | { readonly ok: true; readonly config: LoadedConfig; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[]; readonly warnings: readonly string[] };

/** Reads the configuration; flags win over the environment, an empty string counts as unset in both. */
export function loadConfig(env: Environment, flags: Flags = {}): ConfigResult {
  const problems: string[] = [];
  const warnings = [...unknownVariables(env)];

  const values = readSettings(env, flags, problems);
  const judged = judgeThresholds({
    type: values.thresholdType,
    high: written('thresholdHigh', env, flags),
    low: written('thresholdLow', env, flags),
    soft: written('softThreshold', env, flags),
    critical: written('thresholdCritical', env, flags),
  });
  problems.push(...judged.problems);
  warnings.push(...judged.warnings);

  if (values.window !== undefined && judged.thresholds !== undefined && judged.criticalLevel === undefined)
    warnings.push(
      `${variableOf('window')} is set and ${variableOf('thresholdCritical')} is not: outside the window nothing is deleted, however full the disk is`,
    );

  if ((values.maxUnusedSeconds ?? 0) > 0 && values.stateFile === undefined)
    warnings.push(
      `${variableOf('maxUnusedSeconds')} without ${variableOf('stateFile')}: each start tracks image use from the beginning, so nothing is deleted before a run has lasted that long`,
    );

  const http = judgeHttp(values, (key) => written(key, env, flags)?.name ?? variableOf(key));
  problems.push(...http.problems);
  warnings.push(...http.warnings);

  const { notifyUrl } = values;
  if (notifyUrl?.url.protocol === 'http:' && !isLoopback(notifyUrl.url.hostname))
    warnings.push(
      `${variableOf('notifyUrl')}: notices go to ${notifyUrl.shown} unencrypted, and so do the secrets of the address; use https`,
    );

  const engine = engineAddress(env);
  if (engine.ok) warnings.push(...engine.warnings.map(addressLine));
  else problems.push(addressLine(engine.problem));

  if (problems.length > 0 || !isComplete(values) || judged.thresholds === undefined || !engine.ok) {
    return { ok: false, problems, warnings };
  }
  const config: LoadedConfig = {
    ...omit(values, [...thresholdKeys, ...protectionKeys, ...cleanKeys]),
    thresholds: judged.thresholds,
    protections: {
      keep: values.keep,
      keepLabel: values.keepLabel,
      minAgeSeconds: values.minAgeSeconds,
      keepLast: values.keepLast,
    },
    clean: cleanOf(values),
    criticalLevel: judged.criticalLevel,
    softLevel: judged.softLevel,
    engine: engine.address,
    engineNamedBy: (env['DOCKER_HOST'] ?? '').trim() === '' ? undefined : 'DOCKER_HOST',
  };
  return { ok: true, config, warnings };
}

/** Only the host itself can connect there. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function cleanOf({ clean, stoppedContainerAgeSeconds }: Pick<SettingValues, CleanKey>): Clean {
  return {
    images: clean.includes('images'),
    buildCache: clean.includes('build-cache'),
    stoppedContainers: clean.includes('stopped-containers'),
    stoppedContainerAgeSeconds,
  };
}

function omit<T extends object, K extends keyof T>(value: T, keys: readonly K[]): Omit<T, K> {
  const rest = { ...value };
  for (const key of keys) delete rest[key];
  return rest;
}

/** A setting as the user wrote it, and where; undefined when it is unset. */
function written(
  key: SettingKey,
  env: Environment,
  flags: Flags,
): { name: string; text: string } | undefined {
  const flag = flags[key] ?? '';
  if (flag !== '') return { name: flagOf(key), text: flag };
  const variable = env[variableOf(key)] ?? '';
  return variable === '' ? undefined : { name: variableOf(key), text: variable };
}

export type ReadSetting<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** One setting alone, for what needs no whole configuration. */
export function readSetting<K extends SettingKey>(
  key: K,
  env: Environment,
  flags: Flags,
): ReadSetting<SettingValues[K]> {
  // What the table's type says of each entry, which TypeScript cannot follow for a key that it does not know.
  const entry = settings[key] as unknown as Setting<SettingValues[K]>;
  const given = written(key, env, flags);
  if (given === undefined) return { ok: true, value: entry.default };
  const parsed = entry.kind.parse(given.text);
  if (parsed.ok) return parsed;
  const text = entry.kind.isSecret === true ? '(not shown)' : given.text;
  return { ok: false, problem: problemLine(given.name, text, parsed.reason) };
}

/** A refused setting has no key in the result. */
function readSettings(env: Environment, flags: Flags, problems: string[]): Partial<SettingValues> {
  const values: Partial<Record<SettingKey, unknown>> = {};
  for (const key of settingKeys) {
    const read = readSetting(key, env, flags);
    if (read.ok) values[key] = read.value;
    else problems.push(read.problem);
  }
  // Each value is from its own entry's parser or default, as SettingValues says.
  return values as Partial<SettingValues>;
}

function isComplete(values: Partial<SettingValues>): values is SettingValues {
  return settingKeys.every((key) => key in values);
}

function addressLine({ variable, value, reason }: AddressProblem): string {
  return problemLine(variable, value, reason);
}

const prefix = new RegExp(`^${variablePrefix}`, 'i');

/**
 * Variables that Kubernetes gives every pod for a Service named docker-image-cleaner (or docker-image-cleaner-…), as
 * Docker's links once did: nobody set them, so they cause no warning.
 */
const serviceLink = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** One warning for each variable that looks like ours and is not. Its value may be a secret and is never shown. */
function unknownVariables(env: Environment): readonly string[] {
  const known = settingKeys.map(variableOf);
  return Object.keys(env)
    .filter((name) => prefix.test(name) && !known.includes(name) && !serviceLink.test(name))
    .filter((name) => (env[name] ?? '') !== '')
    .sort()
    .map(
      (name) =>
        `${shownName(name)} is not a setting and was ignored; ` +
        `the nearest known name is ${nearest(name, known) ?? variablePrefix}`,
    );
}
