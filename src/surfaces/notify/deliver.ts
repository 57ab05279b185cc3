/**
 * One notice to the receiver: a POST, and a few tries. Messages show only the host of the address, because the rest
 * is a secret: anyone who knows a webhook's path may write there.
 */
import type { WebhookAddress } from '../../config/notify.ts';
import { sleep } from '../../system/clock.ts';
import { errnoOf } from '../../system/errno.ts';
import type { Letter } from './receivers.ts';

export interface Patience {
  readonly tries: number;
  /** One try, its answer's head included. */
  readonly timeoutMs: number;
  /** Before the second try; doubled before each further one. */
  readonly firstPauseMs: number;
  /** Longer than this no pause is, whatever the receiver asks for. */
  readonly longestPauseMs: number;
}

/** Some two minutes at most in pauses, and as much again in tries that are not answered. */
export const defaultPatience: Patience = {
  tries: 6,
  timeoutMs: 10_000,
  firstPauseMs: 2_000,
  longestPauseMs: 60_000,
};

/** @returns undefined where it was taken; else why not, a phrase without secrets. Does not throw. */
export async function deliver(
  receiver: WebhookAddress,
  letter: Letter,
  patience: Patience,
  stop: AbortSignal,
): Promise<string | undefined> {
  let failure = 'not sent before shutdown';
  for (let tried = 1; tried <= patience.tries && !stop.aborted; tried++) {
    const answer = await post(
      receiver,
      letter,
      AbortSignal.any([stop, AbortSignal.timeout(patience.timeoutMs)]),
    );
    if (answer.outcome === 'taken') return undefined;
    failure = answer.why;
    if (answer.outcome === 'refused') return failure;
    if (tried === patience.tries) break;
    const pauseMs = Math.max(
      patience.firstPauseMs * 2 ** (tried - 1),
      (answer.retryAfterSeconds ?? 0) * 1000,
    );
    await sleep(Math.min(pauseMs, patience.longestPauseMs), stop);
  }
  return `${failure} (tried ${patience.tries === 1 ? 'once' : `up to ${patience.tries} times`})`;
}

type Answer =
  | { readonly outcome: 'taken' }
  /** It would be refused again. */
  | { readonly outcome: 'refused'; readonly why: string }
  | { readonly outcome: 'failed'; readonly why: string; readonly retryAfterSeconds?: number };

async function post(
  { url }: WebhookAddress,
  { headers, body }: Letter,
  signal: AbortSignal,
): Promise<Answer> {
  const target = new URL(url);
  const { username, password } = target;
  // fetch refuses an address with a name and password in it, in an error that quotes it.
  target.username = '';
  target.password = '';
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    'base64',
  );
  const authorization = username === '' && password === '' ? {} : { authorization: `Basic ${basic}` };
  try {
    const response = await fetch(target, {
      method: 'POST',
      headers: { ...headers, ...authorization },
      body,
      signal,
      // Following would give what was meant for one host to another.
      redirect: 'manual',
    });
    const { status } = response;
    const retryAfterSeconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    // Its body is of no interest, and may be endless.
    await response.body?.cancel().catch(() => undefined);
    if (status >= 200 && status < 300) return { outcome: 'taken' };
    if (status >= 300 && status < 400)
      return {
        outcome: 'refused',
        why: `it answered ${status}: it has moved; set the new address`,
      };
    if (status === 408 || status === 425 || status === 429 || status >= 500)
      return {
        outcome: 'failed',
        why: `it answered ${status}`,
        ...(Number.isFinite(retryAfterSeconds) && { retryAfterSeconds }),
      };
    return { outcome: 'refused', why: `it answered ${status}` };
  } catch (error) {
    return { outcome: 'failed', why: reasonOf(error) };
  }
}

/** Words of our own for Node's error: its message may quote the address. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed';
  if (error.name === 'TimeoutError') return 'it did not answer in time';
  if (error.name === 'AbortError') return 'not sent before shutdown';
  const code = errnoOf(error.cause);
  const isCode = code !== undefined && /^[A-Z0-9_]{1,60}$/.test(code);
  return isCode ? `the request failed (${code})` : 'the request failed';
}
