/**
 * The token that clients of the status page and its companions must send, where a file with one is set: as
 * `Authorization: Bearer TOKEN`, or as the password of basic authentication, whatever the user's name, which is what
 * browsers can do. The file is read at the start and again now and then, so that a token can be replaced while the daemon
 * runs (as Kubernetes does with secrets); a request never waits for it.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readTextFile } from '../../../system/read-text-file.ts';
import { TokenError } from './errors.ts';

/** Fewer characters can be guessed. */
const SHORTEST = 16;
/** More does not fit a request's headers. */
const LONGEST = 4096;
const AGAIN_MS = 10_000;

export class Credentials {
  readonly #path: string;
  readonly #complain: (message: string) => void;
  /** The token's digest: comparing digests does not reveal how much of a guess was right. */
  #digest: Buffer;
  #timer: NodeJS.Timeout | undefined;
  /** What was last complained of, so that it is said once. */
  #complaint: string | undefined;

  private constructor(path: string, token: string, complain: (message: string) => void) {
    this.#path = path;
    this.#digest = digestOf(token);
    this.#complain = complain;
  }

  /**
   * @param complain called when the file cannot be read later: the last token remains valid.
   * @throws TokenError
   */
  static async load(path: string, complain: (message: string) => void): Promise<Credentials> {
    return new Credentials(path, await readToken(path), complain);
  }

  /** Reads the file again now and then. */
  start(everyMs = AGAIN_MS): void {
    this.#timer = setTimeout(() => {
      void this.#readAgain().then(() => {
        if (this.#timer !== undefined) this.start(everyMs);
      });
    }, everyMs).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** @param authorization the header. */
  allows(authorization: string | undefined): boolean {
    const [, scheme = '', text = ''] = /^(\S+) +(\S+)$/.exec(authorization?.trim() ?? '') ?? [];
    const sent = scheme.toLowerCase() === 'bearer' ? text : passwordOf(scheme, text);
    return sent !== undefined && timingSafeEqual(digestOf(sent), this.#digest);
  }

  async #readAgain(): Promise<void> {
    try {
      this.#digest = digestOf(await readToken(this.#path));
      this.#complaint = undefined;
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      if (this.#complaint !== error.message) this.#complain(`${error.message} The last token stays valid.`);
      this.#complaint = error.message;
    }
  }
}

/** The answer to a client without the right token. */
export const challenge = 'Basic realm="docker-image-cleaner", charset="UTF-8", Bearer';

function passwordOf(scheme: string, text: string): string | undefined {
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const decoded = Buffer.from(text, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon === -1 ? undefined : decoded.slice(colon + 1);
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** @throws TokenError */
async function readToken(path: string): Promise<string> {
  const file = await readTextFile(path);
  if (!file.ok) throw new TokenError(path, `Cannot read ${path}: ${file.reason}.`);
  const text = file.text.trim();
  const problem = !/^[\x21-\x7e]*$/.test(text)
    ? `${path} holds more than one word of ASCII: it must hold the token and nothing else.`
    : text.length < SHORTEST
      ? `The token in ${path} is too short: ${SHORTEST} characters at least, e.g. from \`openssl rand -hex 32\`.`
      : text.length > LONGEST
        ? `The token in ${path} is longer than ${LONGEST} bytes.`
        : undefined;
  if (problem !== undefined) throw new TokenError(path, problem);
  return text;
}
