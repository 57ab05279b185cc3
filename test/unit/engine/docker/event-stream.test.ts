/** The engine's events, in the shapes of old and new API versions, and input that is not an event. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { eventFromMessage, eventReader } from '../../../../src/engine/docker/event-stream.ts';
import { LineTooLongError, readLines } from '../../../../src/engine/docker/http/lines.ts';
import { layerSizes } from '../../../../src/engine/docker/translate.ts';
import type { EngineEvent } from '../../../../src/engine/engine-events.ts';

const id = 'c'.repeat(64);
const image = `sha256:${'1'.repeat(64)}`;

function translate(message: object): EngineEvent | undefined {
  return eventFromMessage({
    Type: undefined,
    Action: undefined,
    Actor: undefined,
    status: undefined,
    id: undefined,
    from: undefined,
    time: 1700000000,
    timeNano: 1700000000123456789,
    ...message,
  });
}

const container = (Action: string, attributes: object = { image: 'a:1' }): object => ({
  Type: 'container',
  Action,
  Actor: { ID: id, Attributes: attributes },
});

describe('an event', () => {
  it.each<[string, object, object | undefined]>([
    ['create', container('create'), { kind: 'container-created', containerId: id, image: 'a:1' }],
    ['start', container('start'), { kind: 'container-started', containerId: id, image: 'a:1' }],
    ['die', container('die'), { kind: 'container-stopped', containerId: id }],
    ['destroy', container('destroy'), { kind: 'container-removed', containerId: id }],
    ["Podman's died", container('died'), { kind: 'container-stopped' }],
    ["Podman's remove", container('remove'), { kind: 'container-removed' }],
    ['without an image', container('create', {}), { kind: 'container-created', image: undefined }],
    ['an image that is no text', container('create', { image: 5 }), { image: undefined }],
    ['a bare ID', container('create', { image: '1'.repeat(64) }), { image }],
    ['another action', container('exec_start: sh'), undefined],
    ['another type', { Type: 'volume', Action: 'create', Actor: { ID: 'v' } }, undefined],
    ['an inherited name', container('constructor'), undefined],
    ['old create', { status: 'create', id, from: 'a:1' }, { kind: 'container-created', image: 'a:1' }],
    ['old pull', { status: 'pull', id: 'a:1' }, { kind: 'image-changed', image: 'a:1' }],
    ['old delete', { status: 'delete', id: image }, { kind: 'image-removed', image }],
    ['both forms', { ...container('die'), status: 'die', id, from: 'a:1' }, { kind: 'container-stopped' }],
    [
      'pull',
      { Type: 'image', Action: 'pull', Actor: { ID: 'a:1' } },
      { kind: 'image-changed', image: 'a:1' },
    ],
    ['tag', { Type: 'image', Action: 'tag', Actor: { ID: image } }, { kind: 'image-changed', image }],
    ['untag', { Type: 'image', Action: 'untag', Actor: { ID: image } }, { kind: 'image-changed' }],
    ['load', { Type: 'image', Action: 'load', Actor: { ID: image } }, { kind: 'image-changed' }],
    ['import', { Type: 'image', Action: 'import', Actor: { ID: image } }, { kind: 'image-changed' }],
    ['build', { Type: 'image', Action: 'create', Actor: { ID: image } }, { kind: 'image-changed' }],
    ['delete', { Type: 'image', Action: 'delete', Actor: { ID: image } }, { kind: 'image-removed', image }],
    ['push', { Type: 'image', Action: 'push', Actor: { ID: image } }, undefined],
    ['die of an image', { Type: 'image', Action: 'die', Actor: { ID: image } }, undefined],
    ['nothing', {}, undefined],
    ['no ID', { Type: 'image', Action: 'tag', Actor: {} }, undefined],
  ])('%s', (_, message, expected) => {
    const event = translate(message);
    if (expected === undefined) expect(event).toBeUndefined();
    else expect(event).toMatchObject({ atMs: 1700000000123, ...expected });
  });

  it('has a time where only seconds are reported', () => {
    expect(translate({ ...container('die'), timeNano: undefined })?.atMs).toBe(1700000000000);
  });

  it('has the same key when repeated, and another than its neighbours', () => {
    const key = (message: object): string | undefined => translate(message)?.key;
    expect(key(container('die'))).toBe(key({ ...container('die') }));
    expect(key(container('die'))).not.toBe(key(container('start')));
    expect(key(container('die'))).not.toBe(key({ ...container('die'), timeNano: 1700000000123999999 }));
  });
});

describe('the reader', () => {
  const events: EngineEvent[] = [];
  const reader = eventReader({ opened: () => undefined, event: (each) => events.push(each) }, 'unix:///x');

  it('takes lines and text sequences', () => {
    const line = JSON.stringify({ ...container('die'), time: 5 });
    reader.line(line);
    reader.line(`\x1e${line}`);
    reader.line('{"some":"other"}');
    expect(events.map(({ kind }) => kind)).toEqual(['container-stopped', 'container-stopped']);
  });

  it.each(['no JSON', '"text"', '{"Type":5}', 'null'])('refuses %s', (line) => {
    expect(() => {
      reader.line(line);
    }).toThrow(expect.objectContaining({ code: 'protocol' }) as Error);
  });
});

describe('lines', () => {
  async function linesOf(pieces: readonly (string | Buffer)[], max = 100): Promise<string[]> {
    const lines: string[] = [];
    for await (const line of readLines(Readable.from(pieces, { objectMode: false }), max)) lines.push(line);
    return lines;
  }

  it('are complete, however they are cut', async () => {
    const bytes = Buffer.from('eins\nzwei ü\n\ndrei\nrest');
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(await linesOf([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual([
        'eins',
        'zwei ü',
        'drei',
      ]);
    }
  });

  it('are refused when they are too long, with or without their end', async () => {
    await expect(linesOf(['12345\n'], 5)).resolves.toEqual(['12345']);
    await expect(linesOf(['123456\n'], 5)).rejects.toBeInstanceOf(LineTooLongError);
    await expect(linesOf(['123', '456'], 5)).rejects.toBeInstanceOf(LineTooLongError);
  });
});

it.each<[readonly number[], number, readonly number[] | undefined]>([
  [[3, 2, 1], 3, [1, 2, 3]],
  [[0, 3, 0, 1], 2, [1, 3]],
  [[0, 0], 2, [0, 0]],
  [[3, 0, 1], 1, undefined],
  [[], 0, []],
  [[], 1, undefined],
])('steps %j of %i layers', (steps, layers, expected) => {
  expect(layerSizes(steps, layers)).toEqual(expected);
});
