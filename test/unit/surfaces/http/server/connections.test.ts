/** Which connection is closed when there are too many. */
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Connections } from '../../../../../src/surfaces/http/server/connections.ts';

function four(): { readonly connections: Connections; readonly sockets: readonly Socket[] } {
  const connections = new Connections(4);
  const sockets = Array.from({ length: 4 }, () => new Socket());
  for (const socket of sockets) connections.add(socket);
  return { connections, sockets };
}

/** Which of them have been ended, by their place. */
const ended = (sockets: readonly Socket[]): number[] =>
  sockets.flatMap(({ destroyed }, at) => (destroyed ? [at] : []));

describe('one connection too many', () => {
  it('ends the one that has been idle for the longest time', () => {
    const { connections, sockets } = four();
    connections.answering(sockets[0] as Socket)?.();
    connections.add(new Socket());
    expect(ended(sockets)).toEqual([1]);
    connections.add(new Socket());
    expect(ended(sockets)).toEqual([1, 2]);
  });

  it('spares those that are being answered', () => {
    const { connections, sockets } = four();
    const done = sockets.slice(0, 3).map((socket) => connections.answering(socket));
    connections.add(new Socket());
    expect(ended(sockets)).toEqual([3]);
    done[0]?.();
    connections.add(new Socket());
    // The newcomer before had done nothing, the first one had.
    expect(ended(sockets)).toEqual([3]);
  });

  it('but not where all are; streams of events alone are never ended for it', () => {
    const { connections, sockets } = four();
    for (const socket of sockets) connections.answering(socket);
    for (const socket of sockets.slice(0, 2)) connections.streaming(socket);
    connections.add(new Socket());
    expect(ended(sockets)).toEqual([2]);
  });

  it('answers this many at once on one connection, and no more', () => {
    const { connections, sockets } = four();
    const ends = Array.from({ length: 10 }, () => connections.answering(sockets[0] as Socket));
    expect(ends.filter((end) => end !== undefined)).toHaveLength(8);
    ends[0]?.();
    expect(connections.answering(sockets[0] as Socket)).toBeDefined();
  });

  it('forgets those that ended on their own', async () => {
    const { connections, sockets } = four();
    const closed = new Promise((resolve) => sockets[0]?.once('close', resolve));
    sockets[0]?.destroy();
    await closed;
    connections.add(new Socket());
    expect(ended(sockets)).toEqual([0]);
  });
});
