/** An event, defined once: its level, when it is logged, its fields, and its sentence for people. */
import type { Fields, Values } from './fields.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface Definition<F> {
  /** Always the same, or by what it carries: then with the words that the docs have for it. */
  readonly level: Level | { readonly text: string; readonly of: (event: Values<F>) => Level };
  /** When it is logged: a phrase without its full stop, for docs/events.md. */
  readonly when: string;
  readonly fields: F;
  /**
   * One line, no names of hosts or secrets beyond what the event carries.
   * @param again ` Trying again.` where what failed is tried again, which it is not with `--once`
   */
  readonly says: (event: Values<F> & { readonly event: string }, again: string) => string;
}

export function define<const F extends Fields>(definition: Definition<F>): Definition<F> {
  return definition;
}
