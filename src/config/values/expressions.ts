/**
 * Regular expressions in time linear in the text: RE2's way, by the package re2js. JavaScript's own take exponential time
 * on some patterns, and names of images are of anybody's choice. Loaded only where a setting has one: it takes 6 MB.
 */
import type { CompileExpression } from '../../core/eligible/pattern.ts';

let loaded: CompileExpression | undefined;

/** To be awaited before settings are read. @param texts where regular expressions may be: arguments, variables. */
export async function loadExpressions(texts: Iterable<string | undefined>): Promise<void> {
  if (loaded !== undefined || ![...texts].some((text) => text?.includes('re:') === true)) return;
  const { RE2JS } = await import('re2js');
  loaded = (source) => RE2JS.compile(source);
}

/** @throws Error with the reason when it is none. */
export const compileExpression: CompileExpression = (source) => {
  if (loaded === undefined) throw new Error('regular expressions were not loaded');
  return loaded(source);
};
