import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generatedPages } from '../../../scripts/docs/pages.ts';
import { flagOf, settingKeys, variableOf } from '../../../src/config/settings.ts';

describe('generated pages', () => {
  test.each(generatedPages.map((page) => [basename(page.file), page] as const))(
    '%s is what the code says (else: npm run docs:generate)',
    async (_name, page) => {
      expect(readFileSync(page.file, 'utf8')).toBe(await page.render());
    },
  );

  test('every setting is on the configuration page', () => {
    const page = generatedPages.find(({ file }) => basename(file) === 'configuration.md');
    const text = page === undefined ? '' : readFileSync(page.file, 'utf8');
    for (const key of settingKeys) {
      expect(text).toContain(`\`${variableOf(key)}\``);
      expect(text).toContain(`\`${flagOf(key)}\``);
    }
  });
});
