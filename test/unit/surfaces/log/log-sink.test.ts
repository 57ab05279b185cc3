/** A log that cannot be written loses lines at most, and says how many. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLog } from '../../../../src/surfaces/log/log.ts';
import { LogSink } from '../../../../src/surfaces/log/log-sink.ts';

/** A sink that fails while `problem` is set, and takes a limited number of bytes at a time. */
class Output {
  text = '';
  problem: string | undefined;
  room = Infinity;
  readonly writeSome = (bytes: Buffer): number => {
    const problem = this.problem ?? (this.room <= 0 ? 'EAGAIN' : undefined);
    if (problem !== undefined) throw Object.assign(new Error(problem), { code: problem });
    const taken = bytes.subarray(0, Math.min(bytes.length, this.room, 7));
    this.room -= taken.length;
    this.text += taken.toString('latin1');
    return taken.length;
  };
}

function sinkTo(output: Output, maxWaitingBytes: number): LogSink {
  return new LogSink({
    writeSome: output.writeSome,
    lostLine: (lines, reason) => `lost ${lines} (${reason})\n`,
    maxWaitingBytes,
  });
}

describe('LogSink', () => {
  it.each(['ENOSPC', 'EPIPE', 'EIO', 'EBADF', 'EAGAIN'])(
    'survives %s, and writes what waited once it can',
    (problem) => {
      const output = new Output();
      const sink = sinkTo(output, 1000);
      sink.write('one\n');
      output.problem = problem;
      sink.write('two\n');
      sink.write('three\n');
      expect(output.text).toBe('one\n');
      output.problem = undefined;
      sink.write('four\n');
      expect(output.text).toBe('one\ntwo\nthree\nfour\n');
    },
  );

  it('says how many lines were lost, in their place, and keeps the newest', () => {
    const output = new Output();
    const sink = sinkTo(output, 12);
    output.problem = 'ENOSPC';
    for (let line = 1; line <= 9; line++) sink.write(`${line}...\n`);
    output.problem = undefined;
    sink.write('end.\n');
    expect(output.text).toBe('lost 7 (ENOSPC)\n8...\n9...\nend.\n');
  });

  it('tries again on its own', async () => {
    const output = new Output();
    const sink = sinkTo(output, 1000);
    output.problem = 'ENOSPC';
    sink.write('late\n');
    output.problem = undefined;
    await expect.poll(() => output.text).toBe('late\n');
  });

  it('ends a line that was begun, whatever is lost, and counts every line', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ length: fc.nat(40), room: fc.nat(60) }), { maxLength: 60 }),
        fc.integer({ min: 10, max: 100 }),
        (steps, limit) => {
          const output = new Output();
          const sink = sinkTo(output, limit);
          steps.forEach(({ length, room }, index) => {
            output.room = room;
            sink.write(`${index}:${'x'.repeat(length)}\n`);
          });
          output.room = Infinity;
          sink.end();
          let next = 0;
          for (const line of output.text.split('\n').slice(0, -1)) {
            const lost = /^lost (\d+) /.exec(line)?.[1];
            if (lost !== undefined) next += Number(lost);
            else expect(line).toBe(`${next}:${'x'.repeat(steps[next++]?.length ?? -1)}`);
          }
          expect(next).toBe(steps.length);
        },
      ),
    );
  });

  it('does not draw into a line that waits', () => {
    const output = new Output();
    const sink = sinkTo(output, 1000);
    output.room = 2;
    sink.write('line\n');
    sink.draw('progress');
    output.room = Infinity;
    sink.write('next\n');
    sink.draw('progress');
    expect(output.text).toBe('line\nnext\nprogress');
  });
});

describe('a log line', () => {
  const hostile = `evil\u202e\u2028\u009b2J\u001b[2J\u200b:${'x'.repeat(100_000)}`;
  const event = {
    event: 'image.delete-failed',
    id: 'sha256:1',
    references: [hostile, ...Array.from({ length: 1000 }, (_, index) => `n:${index}`)],
    message: hostile,
  } as const;

  it.each(['json', 'text'] as const)('holds nothing hidden and nothing endless, as %s', (format) => {
    const output = new Output();
    createLog(format, 'debug', { writeSome: output.writeSome }).report(event);
    expect(output.text).toMatch(/^[\x20-\x7e\x80-\xff]+\n$/);
    // Each … is three bytes here.
    expect(Buffer.from(output.text, 'latin1').toString()).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}\u0080-\u009f]/u);
    expect(output.text.length).toBeLessThan(40_000);
  });

  it('has the values as they are for machines, up to their bound', () => {
    const output = new Output();
    createLog('json', 'debug', { writeSome: output.writeSome }).report({ ...event, message: 'a\u202eb' });
    expect(output.text).toContain('a\\u202eb');
    expect(JSON.parse(Buffer.from(output.text, 'latin1').toString())).toMatchObject({ message: 'a\u202eb' });
  });

  it('counts lost lines as an event', () => {
    const output = new Output();
    const { report } = createLog('json', 'info', { writeSome: output.writeSome });
    output.problem = 'ENOSPC';
    for (let line = 0; line < 100; line++) report({ ...event, message: 'y'.repeat(4000) });
    output.problem = undefined;
    report({ event: 'daemon.stopped' });
    const [first = '', ...rest] = output.text.trim().split('\n');
    expect(JSON.parse(first)).toMatchObject({ level: 'warn', event: 'log.lines-lost', reason: 'ENOSPC' });
    expect((JSON.parse(first) as { lines: number }).lines + rest.length).toBe(101);
  });

  it('is written again after lines were lost, also where that is below the level', () => {
    const output = new Output();
    const { report } = createLog('json', 'error', { writeSome: output.writeSome });
    const failed = { event: 'engine.unavailable', endpoint: 'unix:///e', message: 'y'.repeat(4000) } as const;
    output.problem = 'ENOSPC';
    for (let line = 0; line < 100; line++) report(failed);
    output.problem = undefined;
    report({ ...failed, message: 'the last' });
    const lines = output.text.trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ level: 'error', message: 'the last' });
  });
});
