/** Links between the project's own pages, and those that comments in the code give, lead somewhere. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { anchorOf } from '../../../scripts/docs/site/anchors.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const ignored = /node_modules|test-artifacts|^dist|^coverage|generated|\.git\//;
const list = (pattern: string): readonly string[] =>
  globSync(pattern, { cwd: root, exclude: (path) => ignored.test(path) });
const pages = [...list('*.md'), ...list('{docs,harness,test,deploy,packaging}/**/*.md')];
const sources = list('{src,scripts,harness,bench,demo,test}/**/*.ts');

/** As GitHub makes anchors of headings. */
function anchorsOf(file: string): ReadonlySet<string> {
  const text = readFileSync(file, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
  const seen = new Map<string, number>();
  const anchors = [...text.matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading = '']) => {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
    const slug = anchorOf(plain);
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
  return new Set(anchors);
}

/** What is wrong with a link from a folder; undefined where nothing is. */
function fault(from: string, link: string, own?: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? own : resolve(from, decodeURI(path));
  if (file === undefined || !existsSync(file)) return `${link}: no such file`;
  if (anchor === undefined || anchor === '' || !file.endsWith('.md') || statSync(file).isDirectory())
    return undefined;
  return anchorsOf(file).has(anchor) ? undefined : `${link}: no such heading`;
}

it('every link between pages leads to a file and a heading that are there', () => {
  expect(pages.length).toBeGreaterThan(30);
  let links = 0;
  const faults = pages.flatMap((page) => {
    const file = join(root, page);
    const text = readFileSync(file, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
    const found = [...text.matchAll(/\]\(([^)\s]+)\)|<img src="([^"]+)"/g)]
      .map(([, link, picture]) => link ?? picture ?? '')
      .filter((link) => !/^[a-z]+:/.test(link));
    links += found.length;
    return found.flatMap((link) => fault(dirname(file), link, file) ?? []).map((each) => `${page} → ${each}`);
  });
  expect(links).toBeGreaterThan(100);
  expect(faults).toEqual([]);
});

it('every page that the code names is there, with its heading', () => {
  let links = 0;
  const faults = sources.flatMap((source) => {
    const found = [
      ...readFileSync(join(root, source), 'utf8').matchAll(/(?<![\w/])docs\/[\w/.-]+\.md(?:#[\w-]+)?/g),
    ];
    links += found.length;
    return found.flatMap(([link]) => fault(root, link) ?? []).map((each) => `${source} → ${each}`);
  });
  expect(links).toBeGreaterThan(5);
  expect(faults).toEqual([]);
});
