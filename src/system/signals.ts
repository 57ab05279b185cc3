/** SIGTERM and SIGINT as abort signals, SIGUSR1 as a wish. */
import { constants } from 'node:os';

/** A request under way gets this long to end after the first signal; 10 s is promised, so a little less. */
const GRACE_MS = 8_500;
/** Then whatever still waits is left: an uncordoning that is not done is on the node, and the next start does it. */
const LAST_MS = 9_500;

export interface StopSignals {
  /** Fires with the first signal: begin nothing new. */
  readonly stop: AbortSignal;
  /** Fires when the grace period is over: abandon the request under way. */
  readonly abandon: AbortSignal;
  /** Stops listening. */
  readonly dispose: () => void;
}

/** Listens for SIGTERM and SIGINT; a second one ends the process at once with the shell's 128 + signal number. */
export function listenForSignals(onStop: (signal: string) => void): StopSignals {
  const stop = new AbortController();
  const abandon = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  let last: NodeJS.Timeout | undefined;
  const listener = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(128 + constants.signals[signal]);
    onStop(signal);
    stop.abort();
    grace = setTimeout(() => abandon.abort(), GRACE_MS);
    last = setTimeout(() => process.exit(0), LAST_MS);
    // Does not keep the process alive: one that is done ends earlier.
    grace.unref();
    last.unref();
  };
  process.on('SIGTERM', listener);
  process.on('SIGINT', listener);
  return {
    stop: stop.signal,
    abandon: abandon.signal,
    dispose: () => {
      process.off('SIGTERM', listener);
      process.off('SIGINT', listener);
      clearTimeout(grace);
      clearTimeout(last);
    },
  };
}

/**
 * Listens for SIGUSR1, on which Node would otherwise open its debugger to anyone.
 * @returns stops listening.
 */
export function listenForCheckRequests(onRequest: () => void): () => void {
  process.on('SIGUSR1', onRequest);
  return () => {
    process.off('SIGUSR1', onRequest);
  };
}
