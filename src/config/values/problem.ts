/** How a refused or doubtful setting is reported: one line that names the variable or flag, the value, what is allowed. */

import { printable, printableJson } from '../../core/model/printable.ts';

const longestShown = 200;
/** What is allowed may quote the value once more. */
const longestReason = 1000;

/** A value as it can safely stand in one line of a terminal or log: quoted, hidden characters escaped, cut when long. */
function shown(value: string): string {
  const cut = value.length > longestShown ? `${value.slice(0, longestShown)}…` : value;
  return printableJson(JSON.stringify(cut));
}

/** A name of a variable, which a hostile environment may choose freely, on one line. */
export function shownName(name: string): string {
  return shown(name).slice(1, -1);
}

/** @param name the variable or the flag, whichever the user gave */
export function problemLine(name: string, value: string | undefined, reason: string): string {
  const why = printable(reason, longestReason);
  return value === undefined ? `${name} is not set: ${why}` : `${name}=${shown(value)}: ${why}`;
}
