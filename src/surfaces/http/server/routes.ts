/** The HTTP server's routes, as plain values: a path, and its answer to GET and HEAD. */
import type { ServerResponse } from 'node:http';
import { printable } from '../../../core/model/printable.ts';

export interface Answer {
  readonly status: number;
  /** The Content-Type. */
  readonly type: string;
  /** Shared by all who are answered the same: never changed once it is given. */
  readonly body: string | Buffer;
  /** A strong entity tag, with its quotes: who has it already is answered 304. */
  readonly etag?: string;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type Route =
  /** Answered from memory: must contact neither engine nor cluster nor disk. */
  | {
      readonly answer: () => Answer | Promise<Answer>;
      /** Answered to everybody, also where a token is asked for. */
      readonly isOpen?: true;
    }
  /** Takes the response over and keeps it open. */
  | { readonly stream: (response: ServerResponse) => void };

/** By path, as in `/healthz`; there are no patterns. */
export type Routes = Map<string, Route>;

export function textAnswer(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${printable(text, 4000)}\n` };
}

export const jsonType = 'application/json; charset=utf-8';
