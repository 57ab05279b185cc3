/** Without protoc: that the generated code says which definition and options it is made from, and that these are today's. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generatedFile, generatedHead } from '../../../../scripts/proto/generated.ts';

it('the code for CRI is made from the definition beside it (else: npm run proto:generate)', async () => {
  const head = await generatedHead();
  expect(readFileSync(generatedFile, 'utf8').slice(0, head.length)).toBe(head);
});
