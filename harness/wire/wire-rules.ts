/** What the wire proxy is to do to which requests: the rules, and which of them applies. */

export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly atMs: number;
  /** Status of the answer given to the client; undefined while none has been given, or when it was cut. */
  status: number | undefined;
  /** gRPC only: the call's message, as protocol buffers write it. */
  message?: Buffer;
  /** Of the answer's body, as far as it was passed on to the client. Not counted for gRPC. */
  bodyBytes?: number;
  /** Why the request got no answer, when that was not a rule's doing: the target is away, the client gave up. */
  failure: string | undefined;
}

/** What to do to a request. Several may be given; they happen in the order of the fields. */
export interface Rule {
  /** Which requests. The first rule that says true is the one that applies. */
  readonly match: (request: SeenRequest) => boolean;
  /** How many times it applies. Default: always. */
  readonly times?: number;
  /** Runs before anything else is done with the request: change the world between two requests. */
  readonly before?: (request: SeenRequest) => void | Promise<void>;
  readonly delayMs?: number;
  /**
   * `before`: not forwarded until `release()`. `after`: forwarded and answered, so the server has done what was asked,
   * but the answer is held back until `release()`. `body`: its head is passed on, the body is held back.
   */
  readonly stall?: 'before' | 'after' | 'body';
  /** Closes the client's connection: `before` forwarding, or `after` the server has answered, in place of the answer. */
  readonly cut?: 'before' | 'after';
  /** What the client gets in place of the server's answer, which has its status and none of its length. */
  readonly damage?: (body: Buffer) => Buffer;
  /** Answers this without forwarding. An object as body is sent as JSON; with gRPC's status 0 bytes are the message. */
  readonly respond?: {
    readonly status: number;
    readonly body?: string | object | Uint8Array;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

export interface RuleHandle {
  /** How often it was applied. */
  readonly hits: number;
  /** Releases everything that this rule stalls, now and later. */
  release(): void;
  /** Removes the rule; what it stalls is stalled until released. */
  remove(): void;
}

/** A rule in force. */
export interface ActiveRule {
  readonly rule: Rule;
  hits: number;
  readonly released: Promise<void>;
}

/** The rules in force, in order. */
export class RuleBook {
  #rules: ActiveRule[] = [];

  add(rule: Rule): RuleHandle {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const active: ActiveRule = { rule, hits: 0, released };
    this.#rules.push(active);
    return {
      get hits() {
        return active.hits;
      },
      release,
      remove: () => {
        this.#rules = this.#rules.filter((each) => each !== active);
      },
    };
  }

  /** The first rule that matches and has times left; counts it. */
  take(seen: SeenRequest): ActiveRule | undefined {
    const active = this.#rules.find(({ rule, hits }) => hits < (rule.times ?? Infinity) && rule.match(seen));
    if (active !== undefined) active.hits++;
    return active;
  }

  clear(): void {
    this.#rules = [];
  }
}
