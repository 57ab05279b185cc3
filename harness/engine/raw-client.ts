/** A client that sends arbitrary bytes to a server, and reads the answer or does not. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

export interface RawClient {
  readonly socket: Socket;
  /** What the server said so far; nothing where `reads` is false. */
  readonly received: string;
  /** The server, or somebody between, has ended the connection. */
  readonly isClosed: boolean;
  /** Says more; nothing happens once the connection has ended. */
  say(bytes: string | Buffer): void;
  dispose(): void;
}

/** Connects to a local port and says something. */
export async function rawClient(
  port: number,
  first: string | Buffer,
  { reads = true }: { readonly reads?: boolean } = {},
): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1' });
  let received = '';
  let isClosed = false;
  if (reads) socket.setEncoding('latin1').on('data', (part: string) => (received += part));
  else socket.pause();
  // A reset is an end like any other here.
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
    socket.once('close', () => {
      isClosed = true;
      resolve();
    });
  });
  const client: RawClient = {
    socket,
    get received() {
      return received;
    },
    get isClosed() {
      return isClosed;
    },
    say: (bytes) => {
      if (!isClosed && socket.writable) socket.write(bytes);
    },
    dispose: () => {
      socket.destroy();
    },
  };
  client.say(first);
  return client;
}

/** How many sockets a process has. */
export function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((name) => linkOf(`${folder}/${name}`).startsWith('socket:')).length;
}

/** Empty where it has just been closed. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** The memory that a process has in use (RSS), in bytes. */
export function memoryOf(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (line?.[1] === undefined) throw new Error(`/proc/${pid}/status does not tell VmRSS`);
  return Number(line[1]) * 1024;
}
