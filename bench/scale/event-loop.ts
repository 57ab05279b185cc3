/** How long the event loop is held while something is done, for benchmarks. */

/** The longest stretch in which the event loop did not turn, and the most of the processor that one stretch took. */
export interface Held {
  /** With the time in which others had the core. */
  readonly elapsedMs: number;
  /** What is our own doing. */
  readonly processorMs: number;
}

function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Watches the event loop by a timer of a millisecond. */
export async function watched<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly held: Held }> {
  let [elapsed, processor] = [0, 0];
  let [seenMs, seenProcessorMs] = [performance.now(), processorMs()];
  const look = (): void => {
    const [nowMs, nowProcessorMs] = [performance.now(), processorMs()];
    elapsed = Math.max(elapsed, nowMs - seenMs);
    processor = Math.max(processor, nowProcessorMs - seenProcessorMs);
    [seenMs, seenProcessorMs] = [nowMs, nowProcessorMs];
  };
  const timer = setInterval(look, 1);
  try {
    const value = await work();
    look();
    return { value, held: { elapsedMs: elapsed, processorMs: processor } };
  } finally {
    clearInterval(timer);
  }
}
