/** The site made of the pages: where its links lead, and that those which lead nowhere fail its build. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkSite } from '../../../scripts/docs/site/check.ts';
import { siteLink } from '../../../scripts/docs/site/links.ts';

describe("a page's link on the site", () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const link = (page: string, to: string): string =>
    siteLink(page, to, root, 'https://example.org/repository');

  it.each([
    ['docs/sweeps.md', 'kubernetes.md#uninstall', '/docs/kubernetes#uninstall'],
    ['docs/adr/README.md', '../policies.md', '/docs/policies'],
    ['docs/policies.md', '../README.md', '/'],
    ['README.md', 'docs/README.md', '/docs/'],
    ['docs/README.md', 'coming-from/README.md', '/docs/coming-from/'],
  ])('in %s to %s is one to another page', (page, to, expected) => {
    expect(link(page, to)).toBe(expected);
  });

  it.each([
    ['README.md', 'compose.yaml', 'blob/main/compose.yaml'],
    ['docs/policies.md', '../bench/', 'tree/main/bench/'],
    ['docs/json.md', 'schema/plan.schema.json', 'blob/main/docs/schema/plan.schema.json'],
  ])('in %s to %s, which is not a page, leads into the repository', (page, to, expected) => {
    expect(link(page, to)).toBe(`https://example.org/repository/${expected}`);
  });

  it.each(['https://example.org/x', '#below', '/docs/', 'nowhere.md', '../../outside.md'])(
    '%s is unchanged',
    (to) => {
      expect(link('docs/policies.md', to)).toBe(to);
    },
  );
});

describe('a built site', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'site-'));
    for (let page = 0; page < 20; page += 1) write(`page${String(page)}.html`, '<h1 id="top">A page</h1>');
    write('docs/index.html', '<h2 id="below">More</h2>');
    write('assets/picture.png', '');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  function write(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const check = (link: string, base = '/') => {
    write('index.html', link);
    return () => {
      checkSite(folder, base);
    };
  };

  it.each([
    '<a href="/docs/#below">',
    '<a class="x" href="/page1.html#top">',
    '<a href="/page1">',
    '<img src="/assets/picture.png">',
    '<a href="https://example.org/">',
  ])('is whole with %s', (link) => {
    expect(check(link)).not.toThrow();
  });

  it.each([
    '<a href="/docs/#above">',
    '<a href="/page99.html">',
    '<a href="page1.html">',
    '<a href="#nothing">',
    '<img src="/assets/none.png">',
  ])('is refused with %s', (link) => {
    expect(check(link)).toThrow(/lead nowhere:\nindex\.html → /);
  });

  it('may lie below a folder of its host', () => {
    expect(check('<a href="/cleaner/docs/#below">', '/cleaner/')).not.toThrow();
    expect(check('<a href="/docs/#below">', '/cleaner/')).toThrow();
  });

  it('is refused when next to nothing was built', () => {
    for (let page = 5; page < 20; page += 1) rmSync(join(folder, `page${String(page)}.html`));
    expect(check('')).toThrow('7 pages');
  });
});
