/** The server cannot listen where it should. Apart from the server, so that knowing the error loads no server. */
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
