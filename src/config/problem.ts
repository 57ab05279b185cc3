/** How a refused or doubtful setting is told: one line that names the variable or flag, the value, what is allowed. */

const longestShown = 200;

/** A value as it can safely stand in one line of a terminal or log: quoted, control characters escaped, cut when long. */
export function shown(value: string): string {
  const cut = value.length > longestShown ? `${value.slice(0, longestShown)}…` : value;
  return JSON.stringify(cut).replace(
    // What JSON leaves as it is and a terminal or a log reader may take for a command or a line end.
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A name of a variable, which a hostile environment may choose freely, on one line. */
export function shownName(name: string): string {
  return shown(name).slice(1, -1);
}

/** @param name the variable or the flag, whichever the user gave */
export function problemLine(name: string, value: string | undefined, reason: string): string {
  return value === undefined ? `${name} is not set: ${reason}` : `${name}=${shown(value)}: ${reason}`;
}
