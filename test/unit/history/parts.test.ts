/** The small parts of the history: names, what was seen, what waits. */
import { describe, expect, it } from 'vitest';
import type { Image } from '../../../src/core/model/store.ts';
import type { EngineEvent } from '../../../src/engine/engine-events.ts';
import { NameIndex } from '../../../src/history/names.ts';
import { EventQueue } from '../../../src/history/queue.ts';
import { SeenEvents } from '../../../src/history/seen.ts';

function image(id: string, ...tags: string[]): Image {
  return {
    id,
    tags,
    digests: [],
    parentId: undefined,
    sizeBytes: 0,
    createdAtMs: undefined,
    labels: {},
    layers: undefined,
  };
}

describe('names', () => {
  it('mean the image that has them', () => {
    const names = new NameIndex();
    names.reset([image('sha256:1', 'a:1', 'a:latest'), image('sha256:2', 'host:5000/b:1')]);
    expect(
      ['sha256:1', 'a:1', 'a', 'host:5000/b:1', 'host:5000/b', 'a:2', ''].map((n) => names.find(n)),
    ).toEqual(['sha256:1', 'sha256:1', 'sha256:1', 'sha256:2', undefined, undefined, undefined]);
    expect(names.nameOf('sha256:1')).toBe('a:1');
  });

  it('are moved, removed and added', () => {
    const names = new NameIndex();
    names.reset([image('1', 'a:1'), image('2')]);
    names.put(image('2', 'a:1'));
    expect(names.find('a:1')).toBe('2');
    // The old one's events arrive later: the name is no longer its own.
    names.put(image('1'));
    expect(names.find('a:1')).toBe('2');
    names.forget('1');
    expect(names.find('a:1')).toBe('2');
    names.forget('2');
    expect([names.find('a:1'), names.find('2')]).toEqual([undefined, undefined]);
  });

  it('that were typed are asked for again when a name changes', () => {
    const names = new NameIndex();
    names.reset([image('1', 'a:1')]);
    names.learn('docker.io/library/a:1', '1');
    expect(names.find('docker.io/library/a:1')).toBe('1');
    names.put(image('2', 'a:1'));
    expect(names.find('docker.io/library/a:1')).toBeUndefined();
  });
});

function event(number: number): EngineEvent {
  return { kind: 'container-stopped', containerId: 'c', atMs: number, key: `key ${number}` };
}

describe('events that were seen', () => {
  it('are continued by what begins with the last of them or before', () => {
    const seen = new SeenEvents();
    expect(seen.isContinuedBy([event(1)])).toBe(false);
    seen.add(event(1));
    seen.add(event(2));
    expect(seen.isContinuedBy([])).toBe(false);
    expect(seen.isContinuedBy([event(1), event(3)])).toBe(false);
    expect(seen.isContinuedBy([event(1), event(2), event(3)])).toBe(true);
    expect([seen.has(event(1)), seen.has(event(3)), seen.lastTimeMs]).toEqual([true, false, 2]);
  });

  it('are remembered over a restart, and not without end', () => {
    const seen = new SeenEvents();
    for (let i = 0; i < 10_000; i++) seen.add(event(i));
    const mark = seen.toMark();
    expect(mark?.keys.length).toBeLessThan(100);
    const later = new SeenEvents(mark);
    expect(later.lastTimeMs).toBe(9999);
    expect(later.isContinuedBy([event(9999)])).toBe(true);
    expect(later.has(event(0))).toBe(false);
    expect(new SeenEvents().toMark()).toBeUndefined();
  });
});

describe('events that wait', () => {
  it('are bounded; that some were dropped is known until a list makes up for it', async () => {
    let now = 100;
    const queue = new EventQueue(2, () => now++);
    for (let i = 0; i < 5; i++) queue.push(event(i));
    expect(queue.droppedAtMs).toBe(100);
    expect(queue.takeAll()).toEqual([event(0), event(1)]);
    // Still a gap: later events must not hide it.
    queue.push(event(5));
    await queue.wait();
    expect(queue.takeAll()).toEqual([]);
    queue.accept();
    queue.push(event(6));
    await queue.wait();
    expect([queue.droppedAtMs, queue.takeAll()]).toEqual([undefined, [event(6)]]);
  });

  it('from before a time are separated from later ones', () => {
    const queue = new EventQueue(5, () => 0);
    for (let i = 0; i < 4; i++) queue.push(event(i));
    expect(queue.takeBefore(event(2).atMs)).toEqual([event(0), event(1)]);
    expect(queue.waiting).toEqual([event(2), event(3)]);
    expect(queue.takeBefore(event(2).atMs)).toEqual([]);
    expect(queue.takeBefore(Infinity)).toEqual([event(2), event(3)]);
    expect(queue.waiting).toEqual([]);
  });

  it('precede the failure', async () => {
    const queue = new EventQueue(2, () => 7);
    const waiting = queue.wait();
    queue.push(event(1));
    queue.fail(new Error('cut'));
    await waiting;
    await queue.wait();
    queue.takeAll();
    await expect(queue.wait()).rejects.toThrow('cut');
    expect(queue.failedAtMs).toBe(7);
  });

  it('are waited for', async () => {
    const queue = new EventQueue(2, () => 0);
    const waiting = queue.wait();
    queue.fail(new Error('cut'));
    await expect(waiting).rejects.toThrow('cut');
  });
});
