/** The known name that is nearest to a misspelt one. */

/**
 * Edits between two words: insertions, deletions, replacements and swaps of neighbours ("optimal string alignment"),
 * one each.
 */
export function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let least = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) least = Math.min(least, at(beforePrevious, column - 2) + 1);
      current.push(least);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}

/** Longer names than this are compared by their beginning only: the environment may hold anything. */
const longestCompared = 100;

/**
 * The candidate with the fewest edits, whatever the case of its letters; the first of them when several are as near;
 * undefined without candidates. A name that lacks its end, or has more after it, counts as one edit: INTERVAL means
 * INTERVAL_SECONDS, though DRY_RUN takes fewer letters.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.slice(0, longestCompared).toUpperCase();
  let best: string | undefined;
  let fewest = Infinity;
  for (const candidate of candidates) {
    const known = candidate.toUpperCase();
    const isCut = known.startsWith(wanted) || wanted.startsWith(known);
    const edits = known === wanted ? 0 : isCut ? 1 : editDistance(wanted, known);
    if (edits >= fewest) continue;
    best = candidate;
    fewest = edits;
  }
  return best;
}
