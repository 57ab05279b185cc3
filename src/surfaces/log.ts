/** Events as log lines on standard error: JSON for machines, text for a terminal. */
import pino from 'pino';
import type { DaemonEvent, Reporter } from '../events.ts';
import { describe, severityOf } from './describe.ts';
import { plain } from './terminal.ts';

export type LogFormat = 'text' | 'json';
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/**
 * One event a line: `{"level":"info","time":"…","event":"sweep.completed",…fields,"msg":"…"}`, or as text
 * `time LEVEL sentence`. Writes synchronously, so that no line is lost when the process ends.
 */
export function createLog(format: LogFormat, level: LogLevel): Reporter {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    format === 'json' ? pino.destination({ fd: 2, sync: true }) : { write: writeText },
  );
  return (event: DaemonEvent): void => {
    logger[severityOf(event)](event, describe(event));
  };
}

function writeText(line: string): void {
  const record = JSON.parse(line) as { time: string; level: string; msg: string };
  process.stderr.write(`${record.time} ${record.level.toUpperCase().padEnd(5)} ${plain(record.msg)}\n`);
}
