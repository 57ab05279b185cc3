/**
 * JSON Schemas that the types of the code check: `Described<T>` is a schema for what a `T` becomes as JSON. A field that
 * the type has and the schema has not, or the other way round, does not type-check; nor does null where none may be.
 */

/** As JSON Schema has it. */
export interface Schema {
  readonly type?: string | readonly string[];
  /** A value of a closed list, with its meaning. */
  readonly oneOf?: readonly { readonly const: string; readonly description: string }[];
  readonly minimum?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly anyOf?: readonly Schema[];
  readonly description?: string;
}

/** Never there; carries the type. */
declare const described: unique symbol;

export type Described<T> = Schema & { readonly [described]?: (value: T) => void };

/** What is undefined is left out of JSON. */
export interface Optional<T> {
  readonly optional: Described<T>;
}

type Field<T> = undefined extends T ? Optional<Exclude<T, undefined>> : Described<T>;
type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

export const text = (description: string): Described<string> => ({ type: 'string', description });
export const yes = (description: string): Described<boolean> => ({ type: 'boolean', description });
export const real = (description: string): Described<number> => ({ type: 'number', minimum: 0, description });
export const whole = (description: string): Described<number> => ({
  type: 'integer',
  minimum: 0,
  description,
});
/** May be negative. */
export const signed = (description: string): Described<number> => ({ type: 'integer', description });
/** ISO 8601 in UTC, to the millisecond. */
export const time = (description: string): Described<string> => ({
  type: 'string',
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$',
  description,
});

/** @param meanings of every value. */
export function oneOf<T extends string>(
  description: string,
  meanings: Readonly<Record<T, string>>,
): Described<T> {
  const values = Object.entries<string>(meanings);
  return {
    type: 'string',
    oneOf: values.map(([value, meaning]) => ({ const: value, description: meaning })),
    description,
  };
}

export function list<T>(description: string, items: Described<T>): Described<readonly T[]> {
  return { type: 'array', items, description };
}

/** Not for a closed list. */
export function orNull<T>(schema: Described<T>): Described<T | null> {
  const { type, ...rest }: Schema = schema;
  return { ...rest, ...(typeof type === 'string' && { type: [type, 'null'] }) };
}

export function optional<T>(schema: Described<T>): Optional<T> {
  return { optional: schema };
}

/** Closed: this is all that is there. */
export function object<T extends object>(description: string, fields: Fields<T>): Described<T> {
  const entries = Object.entries(fields as Readonly<Record<string, Schema | Optional<unknown>>>);
  return {
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([name, field]) => [name, 'optional' in field ? field.optional : field]),
    ),
    required: entries.filter(([, field]) => !('optional' in field)).map(([name]) => name),
    additionalProperties: false,
    description,
  };
}

/** One shape or another. */
export function either<A, B>(first: Described<A>, second: Described<B>): Described<A | B> {
  return { anyOf: [first, second] };
}
