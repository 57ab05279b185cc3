import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OutputFile, OutputFileError } from '../../../src/commands/looking/output-file.ts';
import { progressText } from '../../../src/commands/simulate/replay-progress.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'output-'));
});
afterEach(() => rm(folder, { recursive: true }));

const fill = (text: string) => (stream: Parameters<Parameters<OutputFile['write']>[0]>[0]) =>
  pipeline([text], stream);

describe('a file that is written at the end', () => {
  it('keeps what it held until then, and is replaced whole', async () => {
    const path = join(folder, 'report.html');
    await writeFile(path, 'a long old report');
    const output = new OutputFile(path);
    await output.open();
    expect(await readFile(path, 'utf8')).toBe('a long old report');
    await output.write(fill('new'));
    await output.close();
    expect(await readFile(path, 'utf8')).toBe('new');
  });

  it('leaves nothing behind where nothing was written', async () => {
    const [made, old] = [join(folder, 'made'), join(folder, 'old')];
    await writeFile(old, 'old');
    for (const path of [made, old]) {
      const output = new OutputFile(path);
      await output.open();
      await output.close();
    }
    expect(await readdir(folder)).toEqual(['old']);
    expect(await readFile(old, 'utf8')).toBe('old');
  });

  it.each<[string, (base: string) => string | Promise<string>, RegExp]>([
    [
      'in a folder that is not there',
      (base) => join(base, 'none', 'x'),
      /^cannot write .*x: no such directory$/,
    ],
    ['a folder', (base) => base, /^cannot write .*: it is a directory$/],
    [
      'a link in a circle',
      async (base) => {
        await symlink('loop', join(base, 'loop'));
        return join(base, 'loop');
      },
      /^cannot write .*loop: /,
    ],
  ])('is refused at once: %s', async (_, path, message) => {
    const output = new OutputFile(await path(folder));
    await expect(output.open()).rejects.toThrow(OutputFileError);
    await expect(output.open()).rejects.toThrow(message);
    await output.close();
  });
});

describe('the line of progress', () => {
  it('says what is done and what is under way', () => {
    expect(progressText(['lru', 'value', 'biggest'], [1, 0.4, 0])).toBe('1 of 3 replays; value 40%');
    expect(progressText(['lru'], [1])).toBe('1 of 1 replays');
  });
});
