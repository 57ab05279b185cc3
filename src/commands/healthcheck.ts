/** `healthcheck`: for a container's HEALTHCHECK, a probe or a person: is the daemon of this configuration well? */
import { get } from 'node:http';
import type { HealthcheckRequest } from '../config/requests/healthcheck-request.ts';
import { printable } from '../core/model/printable.ts';
import { EXIT } from '../cli/exit-status.ts';
import { complain } from './looking/messages.ts';

/** The server answers from memory: if it takes longer, its loop does not turn. */
const TIMEOUT_MS = 5000;
/** A sentence is expected. */
const LONGEST_ANSWER = 4000;

/** @returns the exit status: 1 where it is not well or does not answer */
export async function healthcheck({ url }: HealthcheckRequest): Promise<number> {
  if (url === undefined) {
    say('nothing to ask: the daemon has no HTTP address (DOCKER_IMAGE_CLEANER_HTTP_ADDRESS)');
    return EXIT.done;
  }
  try {
    const { status, text } = await ask(url);
    if (status === 200) {
      say(text);
      return EXIT.done;
    }
    complain(`${url} says ${status}: ${text}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    complain(`no answer from ${url}: ${reason}`);
  }
  return EXIT.unavailable;
}

function ask(url: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const late = AbortSignal.timeout(TIMEOUT_MS);
    const fail = (error: Error): void => {
      reject(late.aborted ? new Error(`no data within ${TIMEOUT_MS / 1000} s`) : error);
    };
    const request = get(url, { signal: late, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        if (text.length < LONGEST_ANSWER) text += part;
      });
      response.once('error', fail);
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, text: text.trim() });
      });
    });
    request.once('error', fail);
  });
}

function say(line: string): void {
  process.stdout.write(`${printable(line, LONGEST_ANSWER)}\n`);
}
