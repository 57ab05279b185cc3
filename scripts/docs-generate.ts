/** Writes every generated page of the documentation: `npm run docs:generate`. A unit test compares them. */
import { writeFileSync } from 'node:fs';
import { generatedPages } from './docs/pages.ts';

for (const page of generatedPages) writeFileSync(page.file, await page.render());
