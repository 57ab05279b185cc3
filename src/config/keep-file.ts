/**
 * The lines of the file that KEEP_FILE names. Pure: the text is an argument (src/commands/looking/keep-file.ts reads
 * it).
 */
import { type KeepPattern, parseKeepPatterns } from '../core/eligible/pattern.ts';
import { printable } from '../core/model/printable.ts';
import { compileExpression } from './values/expressions.ts';

export type ParsedKeepFile =
  | { readonly ok: true; readonly patterns: readonly KeepPattern[] }
  /** One line each, with the file and the line. */
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Patterns as in KEEP, one a line. `#` begins a comment, at the start of a line or after white space: no pattern has any.
 * One bad line makes the whole file bad, so that a slip of the pen never protects less than was meant.
 */
export function parseKeepFile(path: string, text: string): ParsedKeepFile {
  const patterns: KeepPattern[] = [];
  const problems: string[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const parsed = parseKeepPatterns(line.replace(/(^|\s)#.*$/s, ''), compileExpression, path);
    if (parsed.ok) patterns.push(...parsed.patterns);
    else problems.push(`${printable(path, 300)} line ${index + 1}: ${parsed.reason}`);
  }
  return problems.length === 0 ? { ok: true, patterns } : { ok: false, problems };
}

/** What is reported of the file while the program runs. */
export type KeepFileNews =
  | { readonly event: 'keep-file.read'; readonly path: string; readonly patterns: number }
  | { readonly event: 'keep-file.failed'; readonly path: string; readonly message: string };
