/** The schema of log lines does its work: it takes what it should and refuses what it should. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { logLineProblems } from '../../../harness/program/schemas.ts';

const line = {
  level: 'info',
  time: '2026-01-02T03:04:05.678Z',
  event: 'slot.taken',
  slot: 'docker-image-cleaner-slot-0',
  msg: 'may sweep',
};

describe('docs/schema/log.schema.json', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../../docs/schema/log.schema.json', import.meta.url), 'utf8'),
  ) as object;
  const isValid = new Ajv2020({ strict: true }).compile(schema);

  it('takes a line, also one with a field that a later version added', () => {
    expect(isValid(line)).toBe(true);
    expect(isValid({ ...line, later: 1 })).toBe(true);
  });

  it.each([
    ['an unknown event', { ...line, event: 'slot.stolen' }],
    ['a missing field', { ...line, slot: undefined }],
    ['a field of another type', { ...line, slot: 3 }],
    ['a line without its time', { ...line, time: undefined }],
    ["another event's fields", { ...line, event: 'daemon.stopping' }],
  ])('refuses %s', (_what, wrong) => {
    const written: unknown = JSON.parse(JSON.stringify(wrong));
    expect(isValid(written)).toBe(false);
    expect(logLineProblems(written as { event?: unknown })).not.toEqual([]);
  });

  it('is applied strictly in tests: an undocumented field is found', () => {
    expect(logLineProblems(line)).toEqual([]);
    const later = { ...line, later: 1 };
    expect(logLineProblems(later)).toEqual([
      'slot.taken: / must NOT have unevaluated properties {"unevaluatedProperty":"later"}',
    ]);
  });
});
