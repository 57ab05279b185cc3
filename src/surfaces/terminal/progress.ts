/**
 * A sweep's progress as the last line of a terminal, below the log: how much is done and how much is left. Each log
 * line replaces it, and it is drawn again below.
 */
import { formatBytes, formatCount, formatDuration, usedText } from '../../core/model/format.ts';
import {
  type Amount,
  amountToFree,
  level,
  type Thresholds,
  type Usage,
} from '../../core/model/thresholds.ts';
import { type DaemonEvent, isDeletion, type Reporter } from '../../events/events.ts';
import { bar } from './terminal.ts';
import { cut } from './text-width.ts';

export interface ProgressOutput {
  readonly columns: () => number;
  /** Shows text on the same terminal; it is not needed again. */
  draw(text: string): void;
}

interface Sweep {
  readonly thresholds: Thresholds;
  readonly toFree: Amount;
  readonly startedMs: number;
  used: number;
  toGo: Amount;
  deleted: number;
  freedBytes: number;
}

/**
 * @param log writes a whole line to the same terminal before it returns.
 * @param clock a monotonic one, in milliseconds.
 */
export function withProgress(log: Reporter, out: ProgressOutput, clock: () => number): Reporter {
  let sweep: Sweep | undefined;
  let isDrawn = false;
  return (event) => {
    if (isDrawn) out.draw('\r\u001b[K');
    log(event);
    sweep = after(sweep, event, clock());
    isDrawn = sweep !== undefined;
    if (sweep !== undefined) out.draw(cut(progressLine(sweep, clock()), Math.max(out.columns() - 1, 1)));
  };
}

function after(sweep: Sweep | undefined, event: DaemonEvent, nowMs: number): Sweep | undefined {
  if (event.event === 'sweep.started' && !event.dryRun) {
    const { thresholds, toFree, used } = event;
    return { thresholds, toFree, toGo: toFree, used, startedMs: nowMs, deleted: 0, freedBytes: 0 };
  }
  if (event.event === 'sweep.completed' || event.event === 'daemon.stopped') return undefined;
  if (sweep === undefined) return undefined;
  if (isDeletion(event)) sweep.deleted += 1;
  if (isDeletion(event) || event.event === 'space.appeared')
    advance(sweep, event.usage, event.freedBytes - event.grownBytes);
  return sweep;
}

function advance(sweep: Sweep, usage: Usage, freedBytes: number): void {
  sweep.freedBytes += freedBytes;
  sweep.used = level(usage, sweep.thresholds.type).value;
  sweep.toGo = amountToFree(usage, sweep.thresholds);
}

function progressLine(
  { thresholds, toFree, toGo, used, deleted, freedBytes, startedMs }: Sweep,
  nowMs: number,
) {
  const share = (left: number, whole: number): number => (whole <= 0 ? 100 : 100 * (1 - left / whole));
  const done = Math.min(share(toGo.bytes, toFree.bytes), share(toGo.inodes, toFree.inodes));
  const left = [
    ...(toGo.bytes > 0 ? [formatBytes(toGo.bytes)] : []),
    ...(toGo.inodes > 0 ? [formatCount(toGo.inodes, 'inode')] : []),
  ];
  const parts = [
    `${left.length === 0 ? 'nothing' : left.join(' and ')} to go`,
    `${usedText(used, thresholds.type)}`,
    `${deleted} deleted`,
    `${formatBytes(Math.max(0, freedBytes))} freed`,
    formatDuration((nowMs - startedMs) / 1000),
  ];
  return `${bar(done, undefined, { stream: process.stderr, width: 20 })} ${parts.join(', ')}`;
}
