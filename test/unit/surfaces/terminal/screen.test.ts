/** The part of a text that a screen shows. On a real terminal: test/engine/commands/terminal.test.ts. */
import { describe, expect, it } from 'vitest';
import { pageOf } from '../../../../src/surfaces/terminal/screen.ts';

const text = 'a\nb\nc\nd\ne\n';

describe('pageOf', () => {
  it('shows all that fits, without a foot', () => {
    expect(pageOf('head', text, { columns: 80, rows: 7, offset: 3 })).toEqual({
      lines: ['head', '', 'a', 'b', 'c', 'd', 'e'],
      offset: 0,
    });
  });

  it('keeps the head, and says which lines of how many these are', () => {
    const { lines } = pageOf('head', text, { columns: 80, rows: 5, offset: 0 });
    expect(lines.slice(0, 4)).toEqual(['head', '', 'a', 'b']);
    expect(lines[4]).toMatch(/^lines 1–3 of 6 · .* scroll, q ends$/);
  });

  it('ends at the last line, however far one scrolls', () => {
    for (const offset of [3, 4, 100, Infinity]) {
      const page = pageOf('head', text, { columns: 80, rows: 5, offset });
      expect(page.lines.slice(1, 4)).toEqual(['c', 'd', 'e']);
      expect(page.offset).toBe(3);
    }
  });

  it('cuts what is too wide, and draws something on the smallest of terminals', () => {
    expect(pageOf('a long head', text, { columns: 3, rows: 1, offset: 0 }).lines.length).toBeGreaterThan(0);
    for (const line of pageOf('a long head', text, { columns: 3, rows: 4, offset: 0 }).lines)
      expect(line.replace('\u001b[0m', '').length).toBeLessThanOrEqual(3);
  });
});
