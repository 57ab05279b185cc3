/** Waiting for conditions. Tests wait for what they need to see; the timeout only bounds a failing test. */
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Polls until the probe gives a value other than undefined or false, and returns it.
 * @throws Error naming `what` after `timeoutMs` (default 60 s); what the probe throws ends the wait at once.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: WaitOptions = {},
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline)
      throw new Error(`Waited ${timeoutMs / 1000} s without success for ${what}.`);
    await delay(options.everyMs ?? 50, undefined, options.signal && { signal: options.signal });
  }
}
