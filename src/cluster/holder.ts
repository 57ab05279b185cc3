/**
 * Whether the process that marked a node is still there: two cleaners may be on one node, and neither lifts the other's live
 * cordon. A holder renews its mark; a mark that was not renewed for a while is left behind. All holders of a node's mark run
 * on that node, so they have one clock, and whether a process is alive can often be seen at once.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import type { MarkFilter } from './cordon-rules.ts';

/** How often a holder renews its mark. */
export const renewEveryMs = 15_000;
/** A mark that is older was left behind. */
export const staleMs = 60_000;

export interface Holder {
  /** The pod's name, or the host's. */
  readonly pod: string;
  /** See `thisProcess`. */
  readonly process: string;
}

/** A process by its PID namespace, its number and when it started: unique until the node's next start. */
export function thisProcess(): string {
  return `${pidNamespace()}:${process.pid}:${startOf('self') ?? '?'}`;
}

/** Marks of other live processes. Marks that are never renewed, such as the Python tool's, belong to no process. */
export function isHeldByOther(self: Holder, nowMs: () => number, afterMs = staleMs): MarkFilter {
  return ({ pod, process: holder, renewed }) => {
    const ageMs = Math.abs(nowMs() - Date.parse(renewed ?? ''));
    // A clock that was set back makes a mark from the future: as far off as one from the past.
    if (!(ageMs < afterMs) || holder === undefined || holder === self.process) return false;
    const [namespace, pid, start] = holder.split(':');
    // In our own namespace it can be seen; in another one, a restarted container has the name of the one before it.
    if (namespace === self.process.split(':')[0]) return startOf(pid ?? '') === start;
    return pod !== self.pod;
  };
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  } catch {
    // No Linux, or no /proc: one namespace for all.
    return '0';
  }
}

/** When a process started, in the kernel's ticks (proc(5), field 22 of `stat`); undefined where there is none. */
function startOf(pid: string): string | undefined {
  if (!/^(self|\d+)$/.test(pid)) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses, which may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
