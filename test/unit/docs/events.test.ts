/** docs/events.md lists exactly the events of the code. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('docs/events.md', () => {
  it('lists every event of src/events/events.ts and no other', () => {
    const code = read('src/events/events.ts');
    const subjects = /export type Subject = ([^;]+);/.exec(code)?.[1]?.match(/[a-z-]+/g) ?? [];
    expect(subjects).toContain('image');
    const named = [...code.matchAll(/readonly event: '([^']+)'/g)].map(([, name = '']) => name);
    const ofSubjects = [...code.matchAll(/readonly event: `\$\{S\}\.([a-z-]+)`/g)].flatMap(([, name = '']) =>
      subjects.map((subject) => `${subject}.${name}`),
    );
    const inCode = [...named, ...ofSubjects];
    const inDocs = [...read('docs/events.md').matchAll(/^\| `([a-z-]+\.[a-z-]+)`/gm)].map(([, name]) => name);
    expect(inDocs.sort()).toEqual([...new Set(inCode)].sort());
  });

  it('lists every reason for the end of a sweep', () => {
    const reasons = read('src/events/events.ts').match(/export type StopReason =([\s\S]*?);/)?.[1] ?? '';
    for (const [, reason] of reasons.matchAll(/'([^']+)'/g))
      expect(read('docs/events.md')).toContain(`\`${reason}\``);
  });
});
