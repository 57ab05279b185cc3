/** Events as log lines on standard error: JSON for machines, text for a terminal. */
import { boundedFields, printable, printableJson } from '../../core/model/printable.ts';
import { type DaemonEvent, type Reporter, sentenceOf, severityOf } from '../../events/events.ts';
import { LogSink, standardError, type WriteSome } from './log-sink.ts';

export type LogFormat = 'text' | 'json';
const levels = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

/** The longest sentence in a line of text. */
const LONGEST_SENTENCE = 4000;

export interface Log {
  readonly report: Reporter;
  /** Shows what is worth nothing later, on the same terminal. */
  readonly draw: (text: string) => void;
  /** The last lines, if they can be written; when the program ends. */
  readonly end: () => void;
}

export interface LogOptions {
  /** Whether what fails is tried again: not by a program that is about to end. */
  readonly triesAgain?: boolean;
  readonly writeSome?: WriteSome;
}

/**
 * One event a line: `{"level":"info","time":"…","event":"sweep.completed",…fields,"msg":"…"}`, or as text
 * `time LEVEL sentence`. Each is written before the next event, as far as that needs no waiting; see log-sink.ts.
 */
export function createLog(
  format: LogFormat,
  level: LogLevel,
  { triesAgain = true, writeSome = standardError() }: LogOptions = {},
): Log {
  /** The line of an event; empty below the level that is logged. */
  const lineOf = (event: DaemonEvent): string => {
    const severity = severityOf(event);
    if (levels.indexOf(severity) < levels.indexOf(level)) return '';
    const time = new Date().toISOString();
    const msg = printable(sentenceOf(event, triesAgain), LONGEST_SENTENCE);
    return format === 'text'
      ? `${time} ${severity.toUpperCase().padEnd(5)} ${msg}\n`
      : `${printableJson(JSON.stringify({ level: severity, time, ...boundedFields(event), msg }))}\n`;
  };
  const sink = new LogSink({
    writeSome,
    lostLine: (lines, reason) => lineOf({ event: 'log.lines-lost', lines, reason }),
  });
  return {
    report: (event) => {
      const line = lineOf(event);
      if (line !== '') sink.write(line);
    },
    draw: (text) => {
      sink.draw(text);
    },
    end: () => {
      sink.end();
    },
  };
}
