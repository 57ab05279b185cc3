/** Errors have one prefix, because all of them are written by one module. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sources = globSync('src/**/*.{ts,cjs}', { cwd: root }).map((file) => ({
  file,
  text: readFileSync(root + file, 'utf8'),
}));

it('standard error is written by the module of messages, and by the launcher, which must run on any Node', () => {
  const writers = sources.filter(({ text }) => text.includes('stderr.write')).map(({ file }) => file);
  expect(writers.sort()).toEqual(['src/cli/entry.cjs', 'src/commands/looking/messages.ts']);
});

it('no message begins with the name of the program', () => {
  const named = sources.filter(({ text }) => /[`'"]docker-image-cleaner: (?!measures)/.test(text));
  expect(named.map(({ file }) => file)).toEqual([]);
});

it('the launcher on an old Node has the same prefix', () => {
  expect(readFileSync(`${root}src/cli/entry.cjs`, 'utf8')).toContain(
    "'error: docker-image-cleaner needs Node '",
  );
});
