/** Many who ask at once are one. */
import { expect, it } from 'vitest';
import { textAnswer } from '../../../../../src/surfaces/http/server/routes.ts';
import { SharedAnswer } from '../../../../../src/surfaces/http/server/shared-answer.ts';

it('is made once for all requests of a moment, and again when something has changed or the moment is over', () => {
  let nowMs = 0;
  let made = 0;
  const answer = new SharedAnswer(
    () => textAnswer(200, String(++made)),
    () => nowMs,
  );
  const first = answer.get();
  expect(String(first.body)).toBe('1\n');
  nowMs = 249;
  expect(answer.get()).toBe(first);
  answer.changed();
  expect(String(answer.get().body)).toBe('2\n');
  nowMs = 498;
  expect(made).toBe(2);
  answer.get();
  expect(made).toBe(2);
  nowMs = 499;
  expect(String(answer.get().body)).toBe('3\n');
});
