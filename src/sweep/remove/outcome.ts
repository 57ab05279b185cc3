/** What deletions of all kinds share: how they end, and what is done without an answer. */
import { hasFired, sleep } from '../../system/clock.ts';
import type { Clean } from '../../core/eligible/cache-and-containers.ts';
import type { Image } from '../../core/model/store.ts';
import { EngineError } from '../../engine/engine.ts';
import type { RemovedNames } from './removed-names.ts';

export type RemovalOutcome =
  /** `complaint`: the engine answered with an error, and yet it is gone. */
  | { readonly outcome: 'deleted'; readonly complaint?: string }
  /** Somebody else was first. */
  | { readonly outcome: 'gone' }
  | Kept
  | Unfinished;

/** It may not or cannot be deleted now; names removed on the way were restored. */
export interface Kept {
  readonly outcome: 'kept';
  readonly reason: string;
  /** The engine said that it deleted it, and it is still there: asking again would end the same. */
  readonly isContradicted?: true;
}

export type Unfinished =
  /** It is still there. `isAnswered`: the engine said that it cannot, where else the connection was lost. */
  | { readonly outcome: 'failed'; readonly message: string; readonly isAnswered: boolean }
  /** The engine, or what guards it, lets us delete nothing: not about this victim. */
  | { readonly outcome: 'denied'; readonly message: string }
  /** The engine did not finish it: another deletion now could be the second in flight. */
  | { readonly outcome: 'unresolved'; readonly message: string };

/** Whether an image is known to have been unused for as long as was asked for. */
export type IsStillUnused = (image: Pick<Image, 'id' | 'appearedAtMs'>) => boolean;

/** How often to look before giving up. */
export const LOOKS = 10;

export interface RemovalOptions {
  /** How long to wait before looking whether an unanswered deletion has happened. */
  readonly settleMs: number;
  /** What may be deleted besides images, for the check right before. */
  readonly clean: Clean;
  /** Where names are recorded that are removed before the image; left out if nothing is remembered. */
  readonly removedNames?: RemovedNames | undefined;
  /** Called after the check right before: an image deleted only for being unused may have been used since the plan. */
  readonly isStillUnused?: IsStillUnused | undefined;
  /** Whether the disk confirms the deletion after the engine's answer: then no request is needed. */
  readonly isShown?: () => Promise<boolean>;
  /** Called when a deletion was not answered, before the wait. */
  readonly onUnanswered: (message: string) => void;
  /** No further step is begun once this fires. */
  readonly stop: AbortSignal;
  /** The request under way is abandoned when this fires. */
  readonly abandon: AbortSignal;
}

/** What checking the victim of an unanswered deletion shows. */
export type Seen<T> =
  | { readonly ended: T }
  /** As if nothing had been asked. `isGoing`: the engine says that it is at it. */
  | { readonly there: string; readonly isGoing?: boolean };

/**
 * Sends a deletion once. An answer is not a fact: CRI-O answers OK for an image of a read-only store and deletes
 * nothing; so this checks once whether it is gone, unless the disk shows it. After an error it may nevertheless have
 * happened, or half of it (on a full disk Docker drops a name in memory and fails to record that): this checks once
 * as well. Without an answer it may still be under way: this waits and checks, until the result is known or the
 * checks are used up.
 * @param what the victim, for messages.
 * @param look finds out how it ended. Its EngineErrors are checks without a result. `isOver`: the engine has
 *   answered, so nothing is under way.
 */
export async function removeOnce<T extends { readonly outcome: string }>(
  what: string,
  send: () => Promise<T>,
  look: (isOver: boolean) => Promise<Seen<T>>,
  options: RemovalOptions,
): Promise<T | Kept | Unfinished> {
  let answer: T;
  try {
    answer = await send();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    if (error.code === 'timeout' || error.code === 'unreachable')
      return await settle(what, error, () => look(false), options);
    if (error.code === 'denied') return { outcome: 'denied', message: error.message };
    return await lookAfter(error, () => look(true));
  }
  if (answer.outcome !== 'deleted' || (await options.isShown?.()) === true) return answer;
  return await confirmed(answer, () => look(true), options);
}

/** What a check shows of a deletion that the engine reports as done. If the check fails, the engine's answer counts. */
async function confirmed<T>(
  answer: T,
  look: () => Promise<Seen<T>>,
  { abandon }: RemovalOptions,
): Promise<T | Kept> {
  try {
    const seen = await look();
    return 'ended' in seen ? seen.ended : contradicted(seen.there);
  } catch (error) {
    if (error instanceof EngineError || abandon.aborted) return answer;
    throw error;
  }
}

/** @param there what a check found, e.g. `the image is still there`. */
export function contradicted(there: string): Kept {
  const reason = `the engine answered that it was deleted, but ${there}`;
  return { outcome: 'kept', reason, isContradicted: true };
}

/** What an answer that is an error has left behind. */
async function lookAfter<T>(error: EngineError, look: () => Promise<Seen<T>>): Promise<T | Unfinished> {
  try {
    const seen = await look();
    if ('ended' in seen) return withComplaint(seen.ended, error.message);
  } catch (lookError) {
    if (!(lookError instanceof EngineError)) throw lookError;
  }
  return { outcome: 'failed', message: error.message, isAnswered: true };
}

function withComplaint<T>(ended: T, complaint: string): T {
  return typeof ended === 'object' && ended !== null && 'outcome' in ended && ended.outcome === 'deleted'
    ? { ...ended, complaint }
    : ended;
}

async function settle<T>(
  what: string,
  cause: EngineError,
  look: () => Promise<Seen<T>>,
  options: RemovalOptions,
): Promise<T | Unfinished> {
  options.onUnanswered(cause.message);
  let lastLook = cause.message;
  for (let looked = 0; looked < LOOKS && !options.stop.aborted; looked += 1) {
    await sleep(options.settleMs, options.stop);
    if (hasFired(options.stop)) break;
    try {
      const seen = await look();
      if ('ended' in seen) return seen.ended;
      // A lost connection ends a request that the engine had not begun; one it had begun is over after the wait,
      // because the engine drops the victim's name first and answers no look while it is at the files.
      if (cause.code === 'unreachable' && seen.isGoing !== true)
        return {
          outcome: 'failed',
          message: `${cause.message} ${capitalized(seen.there)}.`,
          isAnswered: false,
        };
      lastLook = seen.there;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      lastLook = error.message;
    }
  }
  return {
    outcome: 'unresolved',
    message: `No answer to the deletion of ${what}; at the last check: ${lastLook}`,
  };
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
