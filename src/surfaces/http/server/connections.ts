/**
 * The open connections, and which is closed when there are too many: the longest idle one. So a client that holds
 * many connections cannot keep others out, least of all a health check.
 */
import type { Socket } from 'node:net';

/** On one connection at a time. No browser and no scrape asks before it was answered; each costs memory while it waits. */
const MOST_ANSWERS = 8;

interface Use {
  /** Answers under way. */
  answers: number;
  /** It receives events: those connections are bounded elsewhere. */
  isStream: boolean;
}

export class Connections {
  /** The one that has done nothing for the longest time first. */
  readonly #open = new Map<Socket, Use>();
  readonly #most: number;

  /** @param most at a time */
  constructor(most: number) {
    this.#most = most;
  }

  /** A connection was made. */
  add(socket: Socket): void {
    if (this.#open.size >= this.#most) this.#makeRoom();
    this.#open.set(socket, { answers: 0, isStream: false });
    socket.once('close', () => {
      this.#open.delete(socket);
    });
  }

  /** An answer begins. @returns to be called when it has ended; undefined: the connection asked for too many at once. */
  answering(socket: Socket): (() => void) | undefined {
    const use = this.#open.get(socket);
    if (use === undefined || use.answers >= MOST_ANSWERS) return undefined;
    use.answers += 1;
    return () => {
      use.answers -= 1;
      // It has just done something: to the end.
      if (this.#open.delete(socket)) this.#open.set(socket, use);
    };
  }

  /** The answer under way has no end. */
  streaming(socket: Socket): void {
    const use = this.#open.get(socket);
    if (use !== undefined) use.isStream = true;
  }

  #makeRoom(): void {
    let goes: Socket | undefined;
    for (const [socket, { answers, isStream }] of this.#open) {
      if (isStream) continue;
      goes ??= socket;
      if (answers > 0) continue;
      goes = socket;
      break;
    }
    if (goes === undefined) return;
    this.#open.delete(goes);
    goes.destroy();
  }
}
