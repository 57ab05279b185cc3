/**
 * Patterns of images that are never deleted, as people write them. Pure. When in doubt a pattern matches: keeping an
 * image too many costs space, deleting one too many costs somebody's work.
 */
import { canMatchReference, isRegistryAlone, meantBy } from './reference-grammar.ts';
import { type Image, references, repositoryOf } from '../model/store.ts';

/**
 * - `glob`: on references; `*` is any text, `/` and `:` included, `?` any one character.
 * - `expression`: a regular expression, found anywhere in a reference.
 * - `digest`: the beginning of an image ID or of a repository's digest.
 */
export type KeepPattern = {
  readonly text: string;
  /** The file that it is from; undefined: a setting. */
  readonly file?: string | undefined;
} & (
  | { readonly kind: 'glob' }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'digest'; readonly hex: string }
);

/** A compiled regular expression; its time must be linear in the text, for images bring names of anybody's choice. */
export interface Expression {
  test(text: string): boolean;
}

/** Compiles a regular expression. @throws Error with the reason when it is none. */
export type CompileExpression = (source: string) => Expression;

export type KeepPatterns =
  | { readonly ok: true; readonly patterns: readonly KeepPattern[] }
  | { readonly ok: false; readonly reason: string };

const MAX_PATTERN_LENGTH = 512;

/**
 * Patterns separated by commas and white space. Never throws; one bad pattern makes all bad.
 * @param compile for patterns with `re:`. @param file where they are from, if that is a file of patterns.
 */
export function parseKeepPatterns(text: string, compile: CompileExpression, file?: string): KeepPatterns {
  const patterns: KeepPattern[] = [];
  for (const part of split(text)) {
    const pattern = parsePattern(part, compile);
    if (typeof pattern === 'string') return { ok: false, reason: pattern };
    patterns.push(file === undefined ? pattern : { ...pattern, file });
  }
  return { ok: true, patterns };
}

/** A comma inside the brackets of a regular expression (`re:v{1,2}`) does not separate. */
function split(text: string): readonly string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    const begin = at;
    const isExpression = text.startsWith('re:', at);
    let depth = 0;
    let inClass = false;
    for (; at < text.length; at += 1) {
      const character = text[at] ?? '';
      if (/\s/.test(character) || (character === ',' && depth <= 0 && !inClass)) break;
      if (!isExpression) continue;
      if (character === '\\') at += 1;
      else if (inClass) inClass = character !== ']';
      else if (character === '[') inClass = true;
      else if ('({'.includes(character)) depth += 1;
      else if (')}'.includes(character)) depth -= 1;
    }
    if (at > begin) parts.push(text.slice(begin, at));
    at += 1;
  }
  return parts;
}

/** The pattern, or why it is none. */
function parsePattern(text: string, compile: CompileExpression): KeepPattern | string {
  const shown = `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`;
  if (text.length > MAX_PATTERN_LENGTH) return `${shown} is longer than ${MAX_PATTERN_LENGTH} characters`;
  if (text.startsWith('re:')) return parseExpression(text, shown, compile);
  if (text.startsWith('sha256:')) {
    const hex = text.slice('sha256:'.length);
    return /^[0-9a-f]{12,64}$/.test(hex)
      ? { kind: 'digest', text, hex }
      : `${shown}: sha256: is followed by 12 to 64 hexadecimal digits in lower case`;
  }
  if (!/^[\w.\-/:@*?]+$/.test(text))
    return `${shown} is not a valid pattern: only * and ? are special; prefix re: for a regular expression`;
  if (canMatchReference(text) && !isRegistryAlone(text)) return { kind: 'glob', text };
  const meant = meantBy(text);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  const why = isRegistryAlone(text) ? 'is a registry, not an image name' : 'can match no image name';
  return `${shown} ${why}${hint}${text.includes('.*') ? ' (prefix re: for a regular expression)' : ''}`;
}

function parseExpression(text: string, shown: string, compile: CompileExpression): KeepPattern | string {
  const source = text.slice('re:'.length);
  if (source === '') return `${shown}: re: is followed by a regular expression`;
  try {
    return { kind: 'expression', text, expression: compile(source) };
  } catch (error) {
    return `${shown} is not a valid regular expression: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** A pattern and the file that it is from, for people. */
export function describePattern({ text, file }: KeepPattern): string {
  return file === undefined ? text : `${text} of ${file}`;
}

/** The patterns that no image falls under. */
export function unmatched(
  images: readonly Image[],
  patterns: readonly KeepPattern[],
): readonly KeepPattern[] {
  return patterns.filter((pattern) => !images.some((image) => keptBy(image, [pattern]) !== undefined));
}

/** The first pattern that an image falls under. */
export function keptBy(image: Image, patterns: readonly KeepPattern[]): KeepPattern | undefined {
  if (patterns.length === 0) return undefined;
  const digests = [image.id, ...image.digests.map((digest) => digest.slice(digest.indexOf('@') + 1))];
  const hexes = digests.map((digest) => digest.replace(/^sha256:/, ''));
  const spellings = references(image).flatMap(spellingsOf);
  return patterns.find((pattern) => {
    switch (pattern.kind) {
      case 'digest':
        return hexes.some((hex) => hex.startsWith(pattern.hex));
      case 'expression':
        return spellings.some(({ whole }) => pattern.expression.test(whole));
      case 'glob':
        return (
          spellings.some(
            ({ whole, repository }) =>
              matchesGlob(pattern.text, whole) || matchesGlob(pattern.text, repository),
          ) ||
          // A short ID as engines show it.
          (/^[0-9a-f]{12,64}$/.test(pattern.text) && hexes.some((hex) => hex.startsWith(pattern.text)))
        );
    }
  });
}

/**
 * All ways to write a reference: engines leave out `docker.io/` and `docker.io/library/`, some do not, people write
 * either (`ubuntu:24.04` is `docker.io/library/ubuntu:24.04`).
 */
function spellingsOf(reference: string): readonly { readonly whole: string; readonly repository: string }[] {
  const short = reference.replace(/^(index\.)?docker\.io\/(library\/)?/, '').replace(/^library\//, '');
  const [first = '', ...rest] = short.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const spellings = hasRegistry
    ? [reference]
    : rest.length > 0
      ? [short, `docker.io/${short}`]
      : [short, `library/${short}`, `docker.io/${short}`, `docker.io/library/${short}`];
  return spellings.map((whole) => ({ whole, repository: repositoryOf(whole) }));
}

/** Steps at most pattern times text: after a mismatch only the last `*` takes one character more. */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p;
      p += 1;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      resume += 1;
      t = resume;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
