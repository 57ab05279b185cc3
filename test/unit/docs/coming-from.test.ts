/** The pages about other cleaners name existing settings, and their links work. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { flagOf, settingKeys } from '../../../src/config/settings.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(root, 'docs/coming-from');
const pages = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
const flags = [...settingKeys.map(flagOf), '--once'];

function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, link]) => link ?? '');
}

describe.each(pages)('%s', (_name, text) => {
  test('our column of the table names settings only', () => {
    const rows = text.split('\n').filter((line) => line.startsWith('|') && !line.startsWith('| ---'));
    const ours = rows.slice(1).map((row) => row.split('|')[2] ?? '');
    const named = ours.flatMap((cell) => [...cell.matchAll(/--[a-z][-a-z]+/g)].map(([flag]) => flag));
    expect(named.filter((flag) => !flags.includes(flag))).toEqual([]);
  });

  test('is short, and its links lead somewhere', () => {
    expect(text.split('\n').length).toBeLessThan(30);
    expect(linksOf(text).filter((link) => !existsSync(join(folder, link)))).toEqual([]);
  });
});

test.each(['README.md', 'docs/install.md', 'CHANGELOG.md', 'CONTRIBUTING.md'])(
  '%s: links lead somewhere',
  (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    expect(linksOf(text).filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  },
);
