/** Files of ours at paths that others may have prepared: nothing is followed, nothing waits. */
import { execFileSync } from 'node:child_process';
import {
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TraceFile } from '../../../src/history/trace-file.ts';
import { NotAPlainFile, notAPlainFile, openPlainFile } from '../../../src/system/plain-file.ts';
import { probeStateFile, readStateFile, writeStateFile } from '../../../src/system/state-file.ts';

let folder: string;
let server: Server | undefined;
const path = (): string => join(folder, 'file');
const victim = (): string => join(folder, 'victim');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dic-unit-'));
  writeFileSync(victim(), 'precious');
});

afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

const oddities: readonly (readonly [string, (at: string) => void | Promise<void>])[] = [
  [
    'a symbolic link',
    (at) => {
      symlinkSync(victim(), at);
    },
  ],
  ['a named pipe', (at) => void execFileSync('mkfifo', [at])],
  ['a directory', (at) => void mkdirSync(at)],
  [
    'a socket',
    async (at) => {
      const listening = createServer();
      server = listening;
      await new Promise<void>((resolve) => listening.listen(at, resolve));
    },
  ],
];

describe.each(oddities)('%s at the path of a file of ours', (what, make) => {
  beforeEach(async () => {
    await make(path());
  });

  it('is named, and never opened', async () => {
    expect((await notAPlainFile(path()))?.message).toBe(`${path()} is ${what}, not a plain file`);
    for (const flags of [constants.O_RDONLY, constants.O_RDWR, constants.O_WRONLY | constants.O_CREAT])
      await expect(openPlainFile(path(), flags)).rejects.toThrow(NotAPlainFile);
    expect(readFileSync(victim(), 'utf8')).toBe('precious');
  });

  it('is neither a state file nor a trace', async () => {
    expect(await readStateFile(path())).toEqual({
      damaged: `${path()} cannot be used: ${path()} is ${what}, not a plain file.`,
    });
    const trace = new TraceFile(path());
    await expect(trace.probe()).rejects.toThrow(NotAPlainFile);
    trace.add({ time: 1, event: 'use', image: 'i', durationSeconds: 1 });
    await expect(trace.flush()).rejects.toThrow(NotAPlainFile);
    expect(readFileSync(victim(), 'utf8')).toBe('precious');
  });
});

it('a device is none either', async () => {
  expect(await readStateFile('/dev/zero')).toMatchObject({
    damaged: expect.stringContaining('is a device') as string,
  });
});

describe('writing a state file', () => {
  it.each(oddities.filter(([what]) => what !== 'a directory'))(
    'removes %s at the place where it is written first',
    async (_what, make) => {
      await make(`${path()}.new`);
      await writeStateFile(path(), { a: 1 });
      expect(await readStateFile(path())).toEqual({ value: { a: 1 } });
      expect(readFileSync(victim(), 'utf8')).toBe('precious');
      expect(existsSync(`${path()}.new`)).toBe(false);
    },
  );

  it('replaces a symbolic link at its path instead of writing through it', async () => {
    symlinkSync(victim(), path());
    await writeStateFile(path(), { a: 1 });
    expect(lstatSync(path()).isFile()).toBe(true);
    expect(readFileSync(victim(), 'utf8')).toBe('precious');
  });

  it('makes it for its owner only, whatever the old one was, as the trace', async () => {
    writeFileSync(path(), '{}', { mode: 0o666 });
    await writeStateFile(path(), { a: 1 });
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    await new TraceFile(join(folder, 'trace')).probe();
    expect(statSync(join(folder, 'trace')).mode & 0o777).toBe(0o600);
  });
});

describe('probing', () => {
  it('leaves nothing behind, and the file as it is', async () => {
    writeFileSync(path(), '{"a":1}');
    await probeStateFile(path());
    expect(readFileSync(path(), 'utf8')).toBe('{"a":1}');
    expect(existsSync(`${path()}.new`)).toBe(false);
  });

  it('finds out that a folder is missing', async () => {
    await expect(probeStateFile(join(folder, 'no', 'file'))).rejects.toThrow('ENOENT');
  });
});
