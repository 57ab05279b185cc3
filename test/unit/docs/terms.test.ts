/** The words of docs/glossary.md and no others: what reads as translated, and second names for one thing. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const find = (pattern: string): string[] =>
  globSync(pattern, { cwd: root, exclude: (name) => name === 'node_modules' });

const pages = [...find('*.md'), ...find('{docs,deploy}/**/*.md'), ...find('deploy/**/NOTES.txt')];

/** What is always wrong in this project's text, and what to write instead. */
const wrong: readonly (readonly [wrong: RegExp, better: string])[] = [
  [/\d %/, '80%'],
  [/\bper cent\b/i, '80%, or "percent" without a number'],
  [/\bfor ever\b/i, 'forever'],
  [/\banew\b/i, 'again'],
  [/\bso (?:many|long)\b/i, 'the number, "this many", "this long"'],
  [/\bby (?:itself|themselves)\b/i, 'on its own, or nothing'],
  [/\bin vain\b/i, 'without effect'],
  [/\bseldom\b/i, 'rarely'],
  [/\b(?:two|three) looks\b/i, 'checks'],
  [/\bexclude each other\b/i, 'cannot be used together'],
  [/\bis no (?:address|pattern|socket|setting|regular expression)\b/i, 'is not a …'],
  [/\b(?:takes?|took) the place of\b/i, 'replaces'],
  [/\b(?:comes?|came) to this host\b/i, 'arrived'],
  [/\bearlier life\b/i, 'earlier run'],
  [/\bCRI engine\b/i, 'runtime'],
  [/\bdocker daemon\b/i, 'engine'],
  [/\bdata root\b/i, 'data directory'],
  [/\bfill level\b/i, 'usage'],
  [/\b(?:nameless|dangling|orphaned) image/i, 'untagged image'],
  [/\b(?:evict|purge|prune)s?\b (?:an |the |unused )?images?\b/i, 'delete'],
];

/** Prose alone: no code, no addresses of links, and no quotations, as the glossary quotes wrong terms. */
const proseOf = (page: string): string =>
  readFileSync(root + page, 'utf8')
    .replaceAll(/^```[\s\S]*?^```/gm, (code) => code.replaceAll(/[^\n]/g, ''))
    .replaceAll(/`[^`\n]+`|\]\([^)]*\)|"[^"\n]+"/g, '_');

const glossary = 'docs/glossary.md';

const sources = find('{src,test,harness,bench,scripts,demo}/**/*.ts').filter(
  (file) => !file.includes('generated') && !file.endsWith('terms.test.ts'),
);
/** Comments, and titles of tests. What is quoted in them may be another program's. */
const saidIn = (source: string): string => {
  const text = readFileSync(root + source, 'utf8');
  const comments = text.matchAll(/\/\*\*[\s\S]*?\*\/|^\s*\/\/ .*$/gm);
  const titles = text.matchAll(/\b(?:it|test|describe)\(\s*(?:'[^'\n]*'|"[^"\n]*"|`[^`\n]*`)/g);
  return [...comments, ...titles].map(([said]) => said.replaceAll(/`[^`\n]+`/g, '_')).join('\n');
};
/** With the number of its line. A term may be wrapped. */
function faultsOf(page: string): readonly string[] {
  // The third column of the glossary is what it does not say.
  const prose = page === glossary ? proseOf(page).replaceAll(/\|[^|\n]*\|$/gm, '|') : proseOf(page);
  return wrong.flatMap(([pattern, better]) =>
    [...prose.matchAll(new RegExp(pattern.source.replaceAll(' ', String.raw`\s+`), `${pattern.flags}g`))].map(
      (found) =>
        `line ${String(prose.slice(0, found.index).split('\n').length)}: ${found[0]} (better: ${better})`,
    ),
  );
}

describe('terms', () => {
  it('are checked in every page', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', glossary, 'docs/adr/README.md']));
    expect(pages.some((page) => page.endsWith('NOTES.txt'))).toBe(true);
  });

  it('are those of the code, too: its comments, and the titles of its tests', () => {
    expect(sources.length).toBeGreaterThan(500);
    const faults = sources.flatMap((source) => {
      const said = saidIn(source).replaceAll(/\n\s*\*?\s*/g, ' ');
      return wrong.flatMap(([pattern, better]) => {
        const found = pattern.exec(said)?.[0];
        return found === undefined ? [] : [`${source}: ${found} (better: ${better})`];
      });
    });
    expect(faults).toEqual([]);
  });

  it.each(pages)('%s has no word that we do not say', (page) => {
    expect(faultsOf(page)).toEqual([]);
  });
});
