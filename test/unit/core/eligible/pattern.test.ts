import fc from 'fast-check';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { keptBy, matchesGlob, parseKeepPatterns } from '../../../../src/core/eligible/pattern.ts';
import { compileExpression, loadExpressions } from '../../../../src/config/values/expressions.ts';
import { repositoryOf } from '../../../../src/core/model/store.ts';
import { canMatchReference, meantBy } from '../../../../src/core/eligible/reference-grammar.ts';
import { image } from '../arbitraries.ts';

beforeAll(async () => {
  await loadExpressions(['re:']);
});

const hex = '0123456789abcdef'.repeat(4);
const otherHex = 'fedcba9876543210'.repeat(4);

function keeps(text: string, names: readonly string[]): boolean {
  const parsed = parseKeepPatterns(text, compileExpression);
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

test('regular expressions that backtrack for seconds elsewhere are decided at once', () => {
  // With the language's own engine these three take 11 s, 28 s and longer than a life on such a name.
  const name = `${'a'.repeat(5000)}:1`;
  for (const pattern of ['re:.*.*.*.*Z', 're:a*a*a*a*a*a*Z', 're:^(a+)+$!'])
    expect(keeps(pattern, [name])).toBe(false);
  expect(keeps('re:(a*)*:1', [name])).toBe(true);
});

describe('an invalid pattern is refused with the reason', () => {
  test.each([
    ['app[1]', 'only * and ?'],
    ['{a,b}', 'only * and ?'],
    ['!app', 'only * and ?'],
    ['good,b(d', 'only * and ?'],
    ['re:', 'followed by a regular expression'],
    ['re:(', 'not a valid regular expression'],
    ['re:(,app', 'not a valid regular expression'],
    ['re:(a)\\1', 'not a valid regular expression'],
    ['re:(?=a)b', 'not a valid regular expression'],
    ['re:((a{1000}){1000}){1000}', 'not a valid regular expression'],
    ['redis:.*', 'did you mean redis:*?'],
    ['redis:', 'did you mean redis?'],
    ['/redis/', 'did you mean redis?'],
    ['localhost:5000', 'did you mean localhost:5000/*?'],
    ['registry.example:5000', 'did you mean registry.example:5000/*?'],
    ['10.0.0.1:5000', 'did you mean 10.0.0.1:5000/*?'],
    ['https://registry.example/app', 'did you mean registry.example/app?'],
    ['Team/App:V1', 'did you mean team/app:V1?'],
    ['app@sha256:0123', 'did you mean app@sha256:0123*?'],
    ['app:-1', 'did you mean app:1?'],
    ['a//b', 'did you mean a/b?'],
    ['app:1:2', 'can match no image name'],
    ['-app', 'can match no image name'],
    ['sha256:0123', '12 to 64 hexadecimal'],
    [`sha256:${hex}0`, '12 to 64 hexadecimal'],
    [`sha256:${hex.slice(0, 12).toUpperCase()}`, '12 to 64 hexadecimal'],
    ['a'.repeat(513), 'longer than'],
  ])('%s', (pattern, reason) => {
    expect(parseKeepPatterns(pattern, compileExpression)).toMatchObject({ ok: false });
    const parsed = parseKeepPatterns(pattern, compileExpression);
    expect(parsed.ok ? '' : parsed.reason).toContain(reason);
  });
});

test.each([
  ['app:1', 'app'],
  ['registry.example:5000/app', 'registry.example:5000/app'],
  ['registry.example:5000/app:1', 'registry.example:5000/app'],
  ['registry.example:5000/app@sha256:1', 'registry.example:5000/app'],
  ['registry:5000/a/b:tag@sha256:00', 'registry:5000/a/b'],
])('the repository of %s', (reference, repository) => {
  expect(repositoryOf(reference)).toBe(repository);
});

describe('the grammar of references', () => {
  const component = fc.stringMatching(/^[a-z0-9]+((\.|_|__|-{1,3})[a-z0-9]+){0,2}$/);
  const host = fc.stringMatching(/^[a-zA-Z0-9]+(-[a-z0-9]+)?(\.[a-zA-Z0-9]+){1,2}(:[0-9]{2,5})?$/);
  const tag = fc.stringMatching(/^\w[\w.-]{0,12}$/);
  const reference = fc
    .tuple(
      fc.option(host, { nil: undefined }),
      fc.array(component, { minLength: 1, maxLength: 3 }),
      fc.option(tag, { nil: undefined }),
      fc.boolean(),
    )
    .map(([registry, parts, version, isPinned]) => {
      const name = [...(registry === undefined ? [] : [registry]), ...parts].join('/');
      return `${name}${version === undefined ? '' : `:${version}`}${isPinned ? `@sha256:${hex}` : ''}`;
    });

  it('takes every reference, and every glob that one falls under', () => {
    fc.assert(
      fc.property(reference, fc.array(fc.tuple(fc.nat(), fc.boolean()), { maxLength: 4 }), (text, cuts) => {
        expect(canMatchReference(text)).toBe(true);
        const glob = cuts.reduce((from, [at, isStar]) => {
          const place = at % (from.length + 1);
          return isStar
            ? `${from.slice(0, place)}*${from.slice(place + (at % 5))}`
            : `${from.slice(0, place)}?${from.slice(place + 1)}`;
        }, text);
        if (matchesGlob(glob, text)) expect(canMatchReference(glob)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    '*',
    '?',
    '*:latest',
    '*LATEST',
    'a*',
    '*/app',
    'app:*',
    '*@sha256:*',
    'Host.example/app',
    `a@sha256:${hex}`,
  ])('takes %s', (glob) => {
    expect(canMatchReference(glob)).toBe(true);
  });

  it.each(['', 'App', 'a/', '/a', ':1', '*:.x', 'a:*/b:c:d', `a@sha256:${hex}0`, 'a@md5:12', 'a..b', 'a b'])(
    'takes no %s',
    (glob) => {
      expect(canMatchReference(glob)).toBe(false);
    },
  );

  it('suggests only what can match', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aA0.:/@*?-_'), maxLength: 12 }), (text) => {
        const meant = meantBy(text);
        if (meant !== undefined) expect(canMatchReference(meant)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('any glob', () => {
  const letter = fc.constantFrom('a', 'b', '/', ':');
  const text = fc.string({ unit: letter, maxLength: 12 });

  it('matches like the equivalent regular expression', () => {
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
        const parsed = parseKeepPatterns(text, compileExpression);
        if (!parsed.ok) expect(parsed.reason).not.toBe('');
      },
    ),
  );
});
