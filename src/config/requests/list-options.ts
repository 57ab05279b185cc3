/** How much of a list `plan` and `status` show, and in which order. */
import type { Asked } from './asked.ts';
import { nearest } from '../values/nearest.ts';

export interface ListOptions {
  /** Rows of each table; undefined: as many as suit the output. */
  readonly top: number | undefined;
  readonly sort: string;
  /** Every row, every name of an image, and the steps of classic builds. */
  readonly all: boolean;
}

/** How a command shows what it sees. */
export interface Output extends ListOptions {
  readonly as: 'text' | 'json' | 'watch';
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

/** The flags as they were given. */
export interface ListFlags {
  readonly top?: string;
  readonly sort?: string;
  readonly all?: boolean;
}

export function listOptions(
  command: keyof typeof listOrders,
  { top, all = false, sort = listOrders[command][0] }: ListFlags,
): Asked<ListOptions> {
  const problems: string[] = [];
  const orders: readonly string[] = listOrders[command];
  if (top !== undefined && !/^[1-9]\d{0,8}$/.test(top))
    problems.push(`--top=${JSON.stringify(top)}: expected a number of rows, 1 or more`);
  if (top !== undefined && all) problems.push('--top and --all cannot be used together');
  if (!orders.includes(sort)) {
    const near = nearest(sort, orders);
    const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
    problems.push(`--sort=${JSON.stringify(sort)}: expected ${orders.join(', ')}${hint}`);
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, request: { top: top === undefined ? undefined : Number(top), sort, all } };
}
