/** What commands write to standard error for people: one line each, with the prefix that the command line's own errors have. */
import { printable } from '../../core/model/printable.ts';

/** A longer message would fill a terminal; the rest is not shown. */
const LONGEST = 4000;

/** What went wrong. */
export function complain(message: string): void {
  line(`error: ${message}`);
}

/** What is probably a mistake, or makes an answer less certain. */
export function warn(message: string): void {
  line(`warning: ${message}`);
}

/** What is under way. */
export function note(message: string): void {
  line(message);
}

function line(text: string): void {
  process.stderr.write(`${printable(text, LONGEST)}\n`);
}
