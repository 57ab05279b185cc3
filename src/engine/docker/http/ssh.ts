/**
 * An engine over ssh, as Docker's own client reaches it: the user's ssh runs `docker system dial-stdio` there and its
 * standard input and output are the connection. ssh never prompts (BatchMode): keys are from its agent or files.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Agent } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { SshAddress } from '../../address.ts';

/** What ssh said when it ended without a connection, on one line. */
export class SshError extends Error {
  override readonly name = 'SshError';
}

const CONNECT_SECONDS = 30;
/** Connections to one host: each is an ssh process, and an sshd lets few be begun at a time (MaxStartups). */
const CONNECTIONS = 2;
const IDLE_MS = 30_000;
const MAX_WORDS = 2000;

export function sshArguments({ host, user, port, path }: SshAddress): readonly string[] {
  return [
    ...['-o', 'BatchMode=yes', '-o', `ConnectTimeout=${CONNECT_SECONDS}`, '-T'],
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...['--', host, 'docker'],
    ...(path === undefined ? [] : ['--host', `unix://${path}`]),
    ...['system', 'dial-stdio'],
  ];
}

/** Connections that are kept for the next requests: each costs a handshake. */
export function sshAgent(address: SshAddress): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, timeout: IDLE_MS });
  // An idle connection must not keep the program from ending.
  agent.createConnection = () => connectOverSsh(address);
  return agent;
}

function connectOverSsh(address: SshAddress): Duplex {
  const child = spawn('ssh', sshArguments(address), { stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-MAX_WORDS);
  });
  const connection = new SshConnection(child);
  child.once('error', (cause) => {
    connection.destroy(new SshError(`ssh cannot be started: ${cause.message}`, { cause }));
  });
  child.once('close', (status) => {
    const says = words
      .trim()
      .split(/\s*\n\s*/)
      .join('; ');
    connection.ended(
      status === 0 ? undefined : new SshError(says === '' ? `ssh ended with status ${String(status)}` : says),
    );
  });
  return connection;
}

/** Behaves as a socket does, as far as Node's HTTP client asks. */
class SshConnection extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(child: ChildProcessWithoutNullStreams) {
    super();
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    // Data written to an ssh that has ended is lost; its exit says why.
    child.stdin.on('error', () => undefined);
    child.stdin.on('drain', () => this.emit('stdin-drain'));
  }

  ended(error: SshError | undefined): void {
    if (error === undefined) this.push(null);
    else this.destroy(error);
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#child.stdin.write(chunk)) done();
    else this.once('stdin-drain', () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    for (const part of this.#parts) part.ref();
    return this;
  }
  unref(): this {
    for (const part of this.#parts) part.unref();
    return this;
  }

  /** Each of them keeps the program from ending. */
  get #parts(): readonly { ref(): void; unref(): void }[] {
    const { stdin, stdout, stderr } = this.#child;
    return [this.#child, ...[stdin, stdout, stderr].filter((pipe) => pipe instanceof Socket)];
  }
}
