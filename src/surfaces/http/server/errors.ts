/** Why nothing can be served. Apart from the server, so that knowing the errors loads no server. */

/** The server cannot listen where it should. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** As it was written in the setting. */
  readonly address: string;

  /** @param message where, why, and what to do. */
  constructor(address: string, message: string, options: ErrorOptions) {
    super(message, options);
    this.address = address;
  }
}

/** The token that clients must send cannot be had. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly path: string;

  /** @param message what is wrong with the file, and what to do. */
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}
