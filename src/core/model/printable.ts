/**
 * Text from elsewhere (names, labels, messages of engines) as it may appear on a terminal, in a log or on a page. A
 * terminal obeys control characters; bidirectional and zero-width characters make a name look like another one.
 * Every surface escapes at its own edge, with the functions here.
 */

/** Controls, invisible and format characters, halves of surrogate pairs, line and paragraph separators. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** The same without what JSON itself escapes. */
const hiddenInJson = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** The longest text that `printable` does not cut by default. */
const LONGEST = 1000;
/** The longest string, and the longest list, that `bounded` passes on. */
const LONGEST_FIELD = 4000;
const LONGEST_LIST = 100;

/**
 * A text on one line in which every character is visible: hidden ones are written as `\u202e` (`\n` for a line end).
 * @param longest in UTF-16 units; a longer text is cut and says so.
 */
export function printable(text: string, longest = LONGEST): string {
  return shortened(text, longest).replace(hidden, (character) =>
    character === '\n' ? '\\n' : escaped(character),
  );
}

/** As printable(), for text of several lines that are ours. */
export function printableLines(text: string, longest = LONGEST): string {
  return text
    .split('\n')
    .map((line) => printable(line, longest))
    .join('\n');
}

/** JSON whose strings hold no hidden character as it is; a reader gets the same values. */
export function printableJson(json: string): string {
  return json.replace(hiddenInJson, escaped);
}

/** A plain value with long strings cut and long lists ended, down to any depth; what was left out is said in its place. */
export function bounded(value: unknown): unknown {
  if (typeof value === 'string') return shortened(value, LONGEST_FIELD);
  if (Array.isArray(value)) {
    const kept = value.slice(0, LONGEST_LIST).map(bounded);
    // Marks where texts were left out of a list; numbers need no such bound.
    return value.length > LONGEST_LIST && value.every((item) => typeof item === 'string')
      ? [...kept, `… and ${String(value.length - LONGEST_LIST)} more`]
      : kept;
  }
  if (typeof value !== 'object' || value === null) return value;
  return boundedFields(value);
}

/** As bounded(), for an object's fields: texts remain texts, lists remain lists. */
export function boundedFields<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, bounded(value)])) as T;
}

function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  // Not through the middle of a character.
  const end = /[\ud800-\udbff]/.test(text.charAt(longest - 1)) ? longest - 1 : longest;
  return `${text.slice(0, end)}… (${String(text.length)} characters)`;
}

function escaped(character: string): string {
  let text = '';
  for (let at = 0; at < character.length; at++)
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return text;
}
