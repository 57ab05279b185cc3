/** Takes over what the last `npm run test:engines` saw, and writes the table: `npm run docs:engines`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { findingsFolder, recordedFolder } from '../test/conformance/findings.ts';

if (!existsSync(findingsFolder)) {
  process.stderr.write('error: no findings yet: run npm run test:engines first\n');
  process.exit(1);
}
mkdirSync(recordedFolder, { recursive: true });
for (const name of readdirSync(findingsFolder)) {
  const filepath = join(recordedFolder, name);
  const findings = readFileSync(join(findingsFolder, name), 'utf8');
  writeFileSync(filepath, await format(findings, { ...(await resolveConfig(filepath)), filepath }));
}
await import('./docs-generate.ts');
