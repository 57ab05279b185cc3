/** The state file of measured layers is written when something in it is new, and only then. */
import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type FolderRecord, LayerMemory } from '../../../../src/disk/account/layer-memory.ts';
import { temporaryFolder } from '../walk/tree.ts';

const record: FolderRecord = {
  ino: 5,
  mtimeMs: 0,
  ctimeMs: 0,
  files: { device: 1, bytes: 4096, inodes: 2, openLinks: [] },
  rest: { bytes: 8192, inodes: 3 },
  elsewhere: { bytes: 0, inodes: 0 },
  link: undefined,
  isLayer: true,
  isProvisional: false,
};

test('a layer that was measured again with the same result is nothing new', async () => {
  const path = `${temporaryFolder()}/layers.json`;
  const memory = new LayerMemory(path);
  await memory.load('/layers');
  memory.set('one', record);
  await memory.save();
  const first = statSync(path).ino;
  memory.set('one', { ...record, files: { ...record.files } });
  await memory.save();
  expect(statSync(path).ino).toBe(first);
  memory.set('one', { ...record, rest: { bytes: 12_288, inodes: 4 } });
  await memory.save();
  expect(statSync(path).ino).not.toBe(first);
  const again = new LayerMemory(path);
  expect(await again.load('/layers')).toBeUndefined();
  expect(again.get('one')?.rest).toEqual({ bytes: 12_288, inodes: 4 });
  again.set('one', { ...record, rest: { bytes: 12_288, inodes: 4 } });
  const second = statSync(path).ino;
  await again.save();
  expect(statSync(path).ino).toBe(second);
});
