/** Our part of the Container Runtime Interface is what the published definition says, and the code is made from it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { generate, generatedFile, protoFile } from '../../../scripts/proto/generated.ts';
import { publishedDefinition } from '../../../harness/engine/cri/published.ts';
import { commandPath, ensureCommands } from '../../../harness/machine/packages.ts';

const forTests = fileURLToPath(new URL('../../../harness/engine/cri/pods.proto', import.meta.url));

it('the code is what the generator makes today (else: npm run proto:generate)', async () => {
  await ensureCommands(['protoc']);
  expect(readFileSync(generatedFile, 'utf8')).toBe(await generate(commandPath('protoc')));
});

/** `Message.field`, `Enum.VALUE` and `Service.Method`, each with what it is: type and number, or request and response. */
function definitionsOf(proto: string): Map<string, string> {
  const found = new Map<string, string>();
  // Comments, then options of fields and methods.
  const text = proto
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/\[[^\]]*\]/g, '');
  for (const [, kind, name = '', body = ''] of text.matchAll(
    /\b(message|enum|service)\s+(\w+)\s*\{((?:[^{}]|\{[^{}]*\})*)\}/g,
  )) {
    if (kind === 'service') {
      for (const [, method = '', from = '', to = ''] of body.matchAll(
        /rpc\s+(\w+)\s*\(([^)]*)\)\s*returns\s*\(([^)]*)\)/g,
      )) {
        found.set(`${name}.${method}`, `${from.trim()} → ${to.trim()}`);
      }
      continue;
    }
    for (const [, type = '', field = '', number = ''] of body.matchAll(
      /([\w.<>, ]*?)\b(\w+)\s*=\s*(\d+)\s*;/g,
    )) {
      found.set(
        `${name}.${field}`,
        `${type
          .replace(/\s+/g, ' ')
          .replace(/\s*,\s*/g, ', ')
          .trim()} = ${number}`,
      );
    }
  }
  return found;
}

describe.each([
  ['src/engine/cri/api.proto', protoFile],
  ['harness/engine/cri/pods.proto', forTests],
])('%s', (_, file) => {
  it('has names, types and numbers as published', async () => {
    const published = definitionsOf(await publishedDefinition());
    const ours = definitionsOf(readFileSync(file, 'utf8'));
    expect(published.size).toBeGreaterThan(400);
    expect(ours.size).toBeGreaterThan(50);
    expect([...ours].filter(([name, what]) => published.get(name) !== what)).toEqual([]);
    expect(readFileSync(file, 'utf8')).toContain('package runtime.v1;');
  });
});
