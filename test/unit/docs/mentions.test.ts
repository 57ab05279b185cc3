/** A file that a comment or a page names is there: who follows the name finds it. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const find = (pattern: string): string[] =>
  globSync(pattern, { cwd: root, exclude: (name) => name === 'node_modules' });

const files = [
  ...find('{src,harness,test,scripts,bench,demo}/**/*.{ts,mjs,cjs,proto}'),
  ...find('site/.vitepress/*.ts'),
];
const pages = [...find('*.md'), ...find('docs/**/*.md'), ...find('harness/*.md')].filter(
  (page) => page !== 'CHANGELOG.md',
);

/** Comments of the code; of a page all of it. */
function commentsOf(file: string): string {
  const text = readFileSync(root + file, 'utf8');
  if (!file.endsWith('.ts')) return text;
  return [...text.matchAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm)].map(([comment]) => comment).join('\n');
}

/** The end of a path that is there, or a path from where the page is. Names with a wildcard are patterns. */
function missingIn(file: string): string[] {
  const named = commentsOf(file).matchAll(
    /(?<![\w*:/.-])(?:(?:[\w-]|\.(?!ts\b))+\/)*[\w-]+(?:\.[\w-]+)*\.ts\b(?!x)/g,
  );
  return [...named]
    .map(([name]) => name)
    .map((name) => (name.startsWith('.') ? join(dirname(file), name) : name))
    .filter((name) => !files.some((each) => each === name || each.endsWith(`/${name}`)));
}

it.each([...files.filter((file) => file.endsWith('.ts') && !file.includes('/generated/')), ...pages])(
  '%s names only files that are there',
  (file) => {
    expect(missingIn(file)).toEqual([]);
  },
);
