/**
 * `--config FILE`: a file of NAME=value lines below the environment and the flags. Pure: the text comes in
 * (src/system/read-text-file.ts does).
 */
import { printable } from '../core/model/printable.ts';
import type { Environment } from './config.ts';
import { nearest } from './values/nearest.ts';
import { problemLine, shownName } from './values/problem.ts';
import { flagOf, settingKeys, variableOf } from './settings.ts';

/** A file, as far as it could be read. */
export interface ConfigFile {
  readonly path: string;
  readonly content:
    { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };
}

export interface LayeredEnvironment {
  /** The file's values, below what the environment says; an empty value there counts as unset. */
  readonly env: Environment;
  /** What is wrong with the file's lines. */
  readonly problems: readonly string[];
  /** Tells where a refused value was written, if that was in the file. */
  readonly located: (problem: string) => string;
}

/** The variables of the engine that have no flags (docs/configuration.md). */
const engineVariables = ['DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH'];
/** A file that names the file to read instead would be followed by nobody. */
const own = variableOf('config');

/** What a file may set. */
export const fileNames: readonly string[] = [
  ...settingKeys.map(variableOf).filter((name) => name !== own),
  ...engineVariables,
];

/** The file that arguments and environment name; undefined: none. */
export function configFilePath(argv: readonly string[], env: Environment): string | undefined {
  // It takes no settings, so an operator's environment must not change what it says.
  if (argv[0] === 'simulate') return undefined;
  const flag = flagOf('config');
  let given = '';
  for (const [index, argument] of argv.entries()) {
    if (argument === '--') break;
    if (argument === flag) given = argv[index + 1] ?? '';
    else if (argument.startsWith(`${flag}=`)) given = argument.slice(flag.length + 1);
  }
  const path = given === '' ? (env[own] ?? '') : given;
  return path === '' ? undefined : path;
}

/** @param file undefined: none was named */
export function withConfigFile(env: Environment, file: ConfigFile | undefined): LayeredEnvironment {
  if (file === undefined) return { env, problems: [], located: (problem) => problem };
  const { lines, problems } = file.content.ok
    ? readLines(file, file.content.text)
    : { lines: [], problems: [problemLine(flagOf('config'), file.path, file.content.reason)] };
  const layered: Record<string, string | undefined> = { ...env };
  const origins = new Map<string, string>();
  for (const [name, { value, line }] of lines) {
    if ((env[name] ?? '') !== '') continue;
    layered[name] = value;
    origins.set(name, place(file, line));
  }
  const located = (problem: string): string => {
    const origin = origins.get(/^\w+/.exec(problem)?.[0] ?? '');
    return origin === undefined ? problem : `${origin}: ${problem}`;
  };
  return { env: layered, problems, located };
}

interface Line {
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
}

function readLines(
  file: ConfigFile,
  text: string,
): {
  readonly lines: ReadonlyMap<string, Line>;
  readonly problems: readonly string[];
} {
  const lines = new Map<string, Line>();
  const problems: string[] = [];
  for (const [index, whole] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const line = index + 1;
    const trimmed = whole.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
    const [, name, value] = /^(\w+)[ \t]*=(.*)$/s.exec(trimmed) ?? [];
    const earlier = lines.get(name ?? '');
    if (name === undefined || value === undefined) {
      problems.push(`${place(file, line)}: expected NAME=value, or # and a comment`);
    } else if (!fileNames.includes(name)) {
      const near = nearest(name, fileNames);
      const hint = near === undefined ? '' : `; the nearest known name is ${near}`;
      problems.push(`${place(file, line)}: ${shownName(name)} is not a setting${hint}`);
    } else if (earlier !== undefined) {
      problems.push(`${place(file, line)}: ${name} is set already, on line ${earlier.line}`);
    } else lines.set(name, { value: unquoted(value.trim()), line });
  }
  return { lines, problems };
}

function place({ path }: ConfigFile, line: number): string {
  return `${printable(path, 300)} line ${line}`;
}

/** One pair of quotes around the whole value is taken off; nothing in it is special, so expressions need no escapes. */
function unquoted(value: string): string {
  const quote = value[0];
  const isQuoted = value.length >= 2 && (quote === '"' || quote === "'") && value.endsWith(quote);
  return isQuoted ? value.slice(1, -1) : value;
}
