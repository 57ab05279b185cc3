/** What the arguments of a command ask for, or why it cannot be done: one line each, without a line end. */
export type Asked<T> =
  { readonly ok: true; readonly request: T } | { readonly ok: false; readonly problems: readonly string[] };
