/** How much of a list `plan` and `status` show, and in which order. */
import { nearest } from '../values/nearest.ts';

export interface ListOptions {
  /** Rows of each table; undefined: as many as suit the output. */
  readonly top: number | undefined;
  readonly sort: string;
  /** Every row, every name of an image, and the steps of classic builds. */
  readonly all: boolean;
}

/** By command, the orders that it knows; the first is the one without `--sort`. */
export const listOrders = {
  plan: ['order', 'size', 'name'],
  status: ['size', 'unique', 'shared', 'age', 'name'],
} as const;

/** The flags of a command, for the parser and the help. */
export function listSwitches(command: keyof typeof listOrders): Readonly<Record<string, string>> {
  const [first, ...others] = listOrders[command];
  return {
    '--top <count>': 'Show only the first rows of each table (on a terminal: the first 25)',
    '--sort <column>': `Sort by ${[first, ...others].join(', ')} (default: ${first})`,
    '--all': 'Show every row, every name of an image, and the steps of classic builds',
  };
}

export type ListResult =
  | { readonly ok: true; readonly list: ListOptions }
  /** One line each, without a line end. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** @param given the flags as they were given. */
export function listOptions(
  command: keyof typeof listOrders,
  given: { readonly top?: string | undefined; readonly sort?: string | undefined; readonly all: boolean },
): ListResult {
  const problems: string[] = [];
  const orders: readonly string[] = listOrders[command];
  const { top, all } = given;
  const sort = given.sort ?? listOrders[command][0];
  if (top !== undefined && !/^[1-9]\d{0,8}$/.test(top))
    problems.push(`--top=${JSON.stringify(top)}: expected a number of rows, 1 or more`);
  if (top !== undefined && all) problems.push('--top and --all cannot be used together');
  if (!orders.includes(sort)) {
    const near = nearest(sort, orders);
    const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
    problems.push(`--sort=${JSON.stringify(sort)}: expected ${orders.join(', ')}${hint}`);
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, list: { top: top === undefined ? undefined : Number(top), sort, all } };
}
