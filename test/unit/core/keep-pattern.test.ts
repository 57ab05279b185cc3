import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { keptBy, matchesGlob, parseKeepPatterns, repositoryOf } from '../../../src/core/keep-pattern.ts';
import { image } from './arbitraries.ts';

const hex = '0123456789abcdef'.repeat(4);
const otherHex = 'fedcba9876543210'.repeat(4);

function keeps(text: string, names: readonly string[]): boolean {
  const parsed = parseKeepPatterns(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  const tags = names.filter((name) => !name.includes('@'));
  const digests = names.filter((name) => name.includes('@'));
  return keptBy(image(`sha256:${hex}`, { tags, digests }), parsed.patterns) !== undefined;
}

describe('a pattern keeps', () => {
  test.each([
    ['ubuntu', ['ubuntu:24.04']],
    ['ubuntu:24.04', ['ubuntu:24.04']],
    ['ubuntu:24.*', ['ubuntu:24.04']],
    ['ubuntu:2?.04', ['ubuntu:24.04']],
    ['*:latest', ['registry.example:5000/a/b:latest']],
    ['*', ['registry.example/a@sha256:1']],
    ['registry.example/*', ['registry.example/app:1']],
    ['registry.example/*', ['registry.example/team/app:1']],
    ['registry.example/*', [`registry.example/team/app@sha256:${otherHex}`]],
    ['registry.example:5000/app', ['registry.example:5000/app:1']],
    ['registry.example:5000*', ['registry.example:5000/app:1']],
    ['docker.io/library/ubuntu', ['ubuntu:24.04']],
    ['docker.io/ubuntu', ['ubuntu:24.04']],
    ['library/ubuntu:24.04', ['ubuntu:24.04']],
    ['ubuntu', ['docker.io/library/ubuntu:24.04']],
    ['jupyter/*', ['docker.io/jupyter/base:1']],
    ['docker.io/*', ['jupyter/base:1']],
    ['docker.io/*', ['ubuntu:24.04']],
    ['app:1', ['other:1', 'app:1']],
    [`sha256:${hex.slice(0, 12)}`, []],
    [`sha256:${hex}`, ['app:1']],
    [`sha256:${otherHex.slice(0, 20)}`, [`app@sha256:${otherHex}`]],
    [hex.slice(0, 12), ['app:1']],
    [`app@sha256:${otherHex}`, [`app@sha256:${otherHex}`]],
    ['re:^app:v[0-9]{1,2}$', ['app:v12']],
    ['re:^docker\\.io/library/', ['ubuntu:24.04']],
    ['re:team', ['registry.example/team/app:1']],
    ['re:[(],x', ['x:1']],
    ['re:(?:a|b):1', ['b:1']],
    ['nothing,\n  app:* ,\tother', ['app:1']],
  ])('%s: %j', (pattern, names) => {
    expect(keeps(pattern, names)).toBe(true);
  });
});

describe('a pattern does not keep', () => {
  test.each([
    ['ubuntu', ['registry.example/ubuntu:24.04']],
    ['ubuntu', ['ubuntu-base:24.04']],
    ['ubuntu:24.04', ['ubuntu:24.04.1']],
    ['ubuntu:24.04', [`ubuntu@sha256:${otherHex}`]],
    ['docker.io/*', ['registry.example/app:1']],
    ['docker.io/*', ['localhost/app:1']],
    ['registry.example/*', ['registry.example.org/app:1']],
    ['APP', ['app:1']],
    ['*', []],
    ['re:.*', []],
    [`sha256:${otherHex.slice(0, 12)}`, ['app:1']],
    [`sha256:${hex.slice(1, 20)}`, ['app:1']],
    ['re:^team', ['registry.example/team/app:1']],
    ['', ['app:1']],
    [' , \n ,', ['app:1']],
  ])('%s: %j', (pattern, names) => {
    expect(keeps(pattern, names)).toBe(false);
  });
});

test('a name too long for a regular expression is kept', () => {
  expect(keeps('re:^never$', [`${'a'.repeat(600)}:1`])).toBe(true);
});

describe('what is no pattern is refused with the reason', () => {
  test.each([
    ['app[1]', 'only * and ?'],
    ['{a,b}', 'only * and ?'],
    ['!app', 'only * and ?'],
    ['good,b(d', 'only * and ?'],
    ['re:', 'followed by a regular expression'],
    ['re:(', 'no regular expression'],
    ['re:(,app', 'no regular expression'],
    ['re:(a+)+', 'take for ever'],
    ['re:(a|a)*b', 'take for ever'],
    ['re:((a+)b)*', 'take for ever'],
    ['re:(a?){30}', 'take for ever'],
    ['re:(a)\\1', 'take for ever'],
    ['sha256:0123', '12 to 64 hexadecimal'],
    [`sha256:${hex}0`, '12 to 64 hexadecimal'],
    [`sha256:${hex.slice(0, 12).toUpperCase()}`, '12 to 64 hexadecimal'],
    ['a'.repeat(513), 'longer than'],
  ])('%s', (pattern, reason) => {
    expect(parseKeepPatterns(pattern)).toMatchObject({ ok: false });
    const parsed = parseKeepPatterns(pattern);
    expect(parsed.ok ? '' : parsed.reason).toContain(reason);
  });
});

test.each([
  ['app:1', 'app'],
  ['registry.example:5000/app', 'registry.example:5000/app'],
  ['registry.example:5000/app:1', 'registry.example:5000/app'],
  ['registry.example:5000/app@sha256:1', 'registry.example:5000/app'],
])('the repository of %s', (reference, repository) => {
  expect(repositoryOf(reference)).toBe(repository);
});

describe('any glob', () => {
  const letter = fc.constantFrom('a', 'b', '/', ':');
  const text = fc.string({ unit: letter, maxLength: 12 });

  it('matches as the regular expression that says the same', () => {
    const glob = fc.string({ unit: fc.oneof(letter, fc.constantFrom('*', '?')), maxLength: 8 });
    fc.assert(
      fc.property(glob, text, (pattern, subject) => {
        const expression = new RegExp(`^${pattern.replaceAll('?', '.').replaceAll('*', '.*')}$`);
        expect(matchesGlob(pattern, subject)).toBe(expression.test(subject));
      }),
      { numRuns: 1000 },
    );
  });

  it('ends also where a backtracking matcher would not', () => {
    expect(matchesGlob('a*'.repeat(200) + 'b', 'a'.repeat(512))).toBe(false);
  });
});

test('any text is patterns or a reason, never an exception', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `re:${text}`),
      ),
      (text) => {
        const parsed = parseKeepPatterns(text);
        if (!parsed.ok) expect(parsed.reason).not.toBe('');
      },
    ),
  );
});
