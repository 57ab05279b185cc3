/**
 * The documented schemas (docs/schema/), applied strictly: a field that they do not name is a mistake here, though that of
 * log lines allows it to readers, so that fields can be added.
 */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

interface LogSchema {
  readonly properties: Readonly<Record<string, Json>>;
  readonly oneOf: readonly { readonly title: string; readonly properties: Readonly<Record<string, Json>> }[];
}

const ajv = new Ajv2020({ allErrors: true, strict: true });

function read(name: string): Json {
  return JSON.parse(
    readFileSync(new URL(`../../docs/schema/${name}.schema.json`, import.meta.url), 'utf8'),
  ) as Json;
}

/** The schema with every object closed that lists its properties. */
function closed(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema as { readonly [name: string]: Json }).map(([name, value]) => [name, closed(value)]),
  );
  return 'properties' in inner && !('additionalProperties' in inner)
    ? { ...inner, unevaluatedProperties: false }
    : inner;
}

const validators = new Map<string, ValidateFunction>();

function compiled(name: string, schema: () => Json): ValidateFunction {
  const known = validators.get(name);
  if (known !== undefined) return known;
  const made = ajv.compile(schema() as object);
  validators.set(name, made);
  return made;
}

function problems(validate: ValidateFunction, value: unknown): readonly string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message = '', params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
  );
}

const log = read('log') as unknown as LogSchema;
const branches = new Map(log.oneOf.map((branch) => [branch.title, branch]));

/** The same for a log line, against the branch of its event: one message instead of one an event. */
export function logLineProblems(line: { readonly event?: unknown }): readonly string[] {
  const name = String(line.event);
  const branch = branches.get(name);
  if (branch === undefined) return [`the event ${name} is not documented`];
  const validate = compiled(`log ${name}`, () => {
    const { level, time, msg } = log.properties;
    const { properties, ...rest } = closed(branch) as {
      readonly [name: string]: Json;
    } & { readonly properties: Readonly<Record<string, Json>> };
    return {
      ...rest,
      type: 'object',
      properties: { level: level ?? false, time: time ?? false, msg: msg ?? false, ...properties },
    };
  });
  const missing = ['level', 'time', 'msg'].filter((field) => !(field in line));
  return [...missing.map((field) => `${field} is missing`), ...problems(validate, line)].map(
    (problem) => `${name}: ${problem}`,
  );
}

const outputs = ['plan', 'clean', 'status', 'simulate'] as const;

/** What `plan --json` and its like print, by command. */
export type JsonOutput = (typeof outputs)[number];

/** What `--json` prints, or the daemon serves, against its schema. */
export function outputProblems(output: JsonOutput, printed: string): readonly string[] {
  const found = isJson(printed)
    ? problems(
        compiled(output, () => read(output)),
        JSON.parse(printed),
      )
    : [`not JSON: ${printed.slice(0, 200)}`];
  return found.map((problem) => `${output}: ${problem}`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Which schema the arguments of the executable ask for on standard output. */
export function outputOf(args: readonly string[]): JsonOutput | undefined {
  return args.includes('--json') ? outputs.find((output) => args.includes(output)) : undefined;
}
