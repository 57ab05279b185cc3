/**
 * The fields that events carry: each with its JSON Schema, what it means, and the type of its value. Times are seconds,
 * levels of usage percent or bytes.
 */
import type { Thresholds, Usage } from '../core/model/thresholds.ts';

/** A JSON Schema; `description` is shown to people as well. */
export type Schema = Readonly<Record<string, unknown>>;

/** Never there; carries the type of the value. */
declare const carried: unique symbol;

/** A field whose value is a `T`. */
export type Field<T> = Schema & { readonly description: string; readonly [carried]?: (value: T) => T };

export type Fields = Readonly<Record<string, Schema & { readonly description: string }>>;

/** What an event with these fields carries. */
export type Values<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export const text = (description: string): Field<string> => ({ type: 'string', description });
export const yes = (description: string): Field<boolean> => ({ type: 'boolean', description });
export const count = (description: string): Field<number> => ({ type: 'integer', minimum: 0, description });
export const number = (description: string): Field<number> => ({ type: 'number', minimum: 0, description });
export const list = (description: string): Field<readonly string[]> => ({
  type: 'array',
  items: { type: 'string' },
  description,
});

export function oneOf<const T extends string>(values: readonly T[], description: string): Field<T> {
  return { enum: values, description };
}

export function object<T>(
  properties: Readonly<Record<keyof T & string, Schema>>,
  description: string,
): Field<T> {
  return { type: 'object', properties, required: Object.keys(properties), description };
}

export const thresholdType = oneOf<Thresholds['type']>(
  ['relative', 'absolute', 'free', 'images'],
  'relative: percent; absolute: bytes below the path; free: available bytes; images: bytes of all images',
);
export const thresholds = object<Thresholds>(
  { type: thresholdType, high: { type: 'number' }, low: { type: 'number' } },
  'the thresholds, percent or bytes',
);
export const used = number(
  'usage: percent in relative mode, otherwise bytes; in free mode the bytes that are available',
);

const gauge: Schema = {
  type: 'object',
  properties: {
    total: { type: 'number' },
    available: { type: 'number' },
    reserved: { type: 'number', description: 'free, but for root only; left out where none is' },
  },
  required: ['total', 'available'],
};
export const usage: Field<Usage> = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    bytes: gauge,
    inodes: gauge,
    allocated: object({ bytes: { type: 'number' }, inodes: { type: 'number' } }, 'below the path'),
  },
  required: ['path', 'bytes'],
  description:
    'what the filesystem says; `inodes` only where it counts them, `allocated` only in absolute mode',
};

export const message = text('the same for people, with what to do');
export const path = text('the path or file that the event speaks of');
export const because = text('why, a sentence or phrase');

/** What is deleted, or could be. */
export const named = {
  id: text("the engine's ID"),
  references: list("an image's names, a record's description, a container's name"),
};
export const victim = {
  ...named,
  sizeBytes: count("the engine's figure, shared parts included"),
  predictedBytes: count('what the plan says that this deletion frees'),
  predictedInodes: count('the same in inodes'),
  reason: because,
};
/** See `Gain`. */
export const gain = {
  freedBytes: count('what the filesystem gained, measured; 0 where others wrote more meanwhile'),
  freedInodes: count('the same in inodes'),
  grownBytes: count('how much more is used than before, where others wrote more than was freed; else 0'),
  grownInodes: count('the same in inodes'),
};
