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
  'relative: percent; absolute: bytes below the path; free: bytes available; images: bytes of all images',
);
export const thresholds = object<Thresholds>(
  { type: thresholdType, high: { type: 'number' }, low: { type: 'number' } },
  'percent or bytes',
);
export const used = number('percent in relative mode, else bytes; in free mode bytes available');

const gauge: Schema = {
  type: 'object',
  properties: {
    total: { type: 'number' },
    available: { type: 'number' },
    reserved: { type: 'number', description: 'free for root only' },
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
  description: '`inodes` where the filesystem counts them, `allocated` in absolute mode',
};

export const message = text('for people, with what to do');
export const path = text('');
export const because = text('for people');

/** What is deleted, or could be. */
export const named = {
  id: text("the engine's ID"),
  references: list('names of an image or container, description of a record'),
};
export const victim = {
  ...named,
  sizeBytes: count('as the engine counts, shared layers included'),
  predictedBytes: count('what the plan expects to be freed'),
  predictedInodes: count(''),
  reason: because,
};
/** See `Gain`. */
export const gain = {
  freedBytes: count('measured; 0 where others wrote more than was freed'),
  freedInodes: count(''),
  grownBytes: count('used more than before, where others wrote more than was freed'),
  grownInodes: count(''),
};
