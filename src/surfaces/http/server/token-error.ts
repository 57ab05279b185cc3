/**
 * The token that clients must send is unavailable. In a file of its own, so that knowing the error loads nothing
 * else.
 */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly path: string;

  /** @param message what is wrong with the file, and what to do. */
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}
