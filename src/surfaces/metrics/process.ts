/** The process about itself, under the names that every exporter uses. */
import { readdirSync } from 'node:fs';

export interface ProcessFigures {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly startedAtSeconds: number;
  /** Undefined where the kernel does not show them. */
  readonly openFiles: number | undefined;
}

const startedAtSeconds = Date.now() / 1000 - process.uptime();

export function processFigures(): ProcessFigures {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    startedAtSeconds,
    openFiles: openFiles(),
  };
}

function openFiles(): number | undefined {
  try {
    // The folder's own descriptor is one of them.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}
