/** What is remembered of folders on a real filesystem, and that every change of it is noticed at the next look. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { DiskError } from '../../../src/disk/filesystem/error.ts';
import { isSettled } from '../../../src/disk/walk/folder-mark.ts';
import { LeftOut } from '../../../src/disk/walk/left-out.ts';
import { Listings } from '../../../src/disk/walk/listings.ts';
import { MountTable } from '../../../src/disk/walk/mount-points.ts';
import { Slices } from '../../../src/disk/walk/slices.ts';
import { TreeMeasurer } from '../../../src/disk/walk/trees.ts';
import { sumTrees } from '../../../src/disk/walk/tree-total.ts';
import { du } from '../../../harness/machine/du.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { temporaryFolder } from '../../unit/disk/walk/tree.ts';

vi.setConfig({ testTimeout: 60_000 });

const signal = new AbortController().signal;

async function settled(...folders: readonly string[]): Promise<void> {
  await waitFor('the folders to be older than the clock is coarse', () =>
    folders.every((folder) => isSettled(lstatSync(folder), Date.now())),
  );
}

/** Makes a folder look as old as all others here, as far as a program can: `ctime` it cannot set. */
function setTime(folder: string): void {
  utimesSync(folder, 1_700_000_000, 1_700_000_000);
}

const changes: readonly (readonly [what: string, change: (folder: string) => void])[] = [
  ['a file is added', (at) => writeFileSync(`${at}/sub/new`, Buffer.alloc(20_000, 1))],
  ['a file is removed', (at) => rmSync(`${at}/sub/file`)],
  ['a file gets another name', (at) => renameSync(`${at}/sub/file`, `${at}/sub/other`)],
  ['a file moves to another folder', (at) => renameSync(`${at}/sub/file`, `${at}/deep/er/file`)],
  ['a file is written in place', (at) => appendFileSync(`${at}/sub/file`, Buffer.alloc(50_000, 1))],
  ['a file gets a second name', (at) => linkSync(`${at}/sub/file`, `${at}/deep/er/second`)],
  ['a link is added', (at) => symlinkSync('nowhere', `${at}/deep/er/link`)],
  [
    'a folder is added',
    (at) => {
      mkdirSync(`${at}/deep/er/est`);
      writeFileSync(`${at}/deep/er/est/file`, 'x');
    },
  ],
  ['a folder is removed', (at) => rmSync(`${at}/deep`, { recursive: true })],
  [
    'a folder is replaced by a file',
    (at) => {
      rmdirSync(`${at}/empty`);
      writeFileSync(`${at}/empty`, Buffer.alloc(30_000, 1));
    },
  ],
  [
    'a file is added and the folder’s time set back',
    (at) => {
      writeFileSync(`${at}/sub/new`, 'x');
      setTime(`${at}/sub`);
    },
  ],
  [
    'a folder is replaced by another of the same time',
    (at) => {
      renameSync(`${at}/sub`, `${at}/old`);
      mkdirSync(`${at}/sub`);
      writeFileSync(`${at}/sub/only`, Buffer.alloc(70_000, 1));
      setTime(`${at}/sub`);
    },
  ],
];

test('a tree whose names are remembered equals du after every kind of change', async () => {
  const root = temporaryFolder();
  const listings = new Listings();
  const trees = new TreeMeasurer(listings, new MountTable(root), new LeftOut());
  const tops = changes.map((_, index) => `${root}/${index}`);
  for (const top of tops) {
    for (const folder of ['sub', 'deep/er', 'empty']) mkdirSync(`${top}/${folder}`, { recursive: true });
    writeFileSync(`${top}/sub/file`, Buffer.alloc(5000, 1));
    writeFileSync(`${top}/sub/beside`, 'x');
    writeFileSync(`${top}/deep/file`, Buffer.alloc(9000, 1));
  }
  const folders = tops.flatMap((top) => [
    top,
    ...['sub', 'deep', 'deep/er', 'empty'].map((name) => `${top}/${name}`),
  ]);
  for (const folder of folders) setTime(folder);
  await settled(...folders);
  const measure = async (): Promise<ReadonlyMap<string, unknown>> => {
    const totals = await trees.measure(tops, [], new Slices(signal));
    return new Map([...totals].map(([path, total]) => [path, sumTrees([total])]));
  };
  const truth = (): ReadonlyMap<string, unknown> => new Map(tops.map((top) => [top, du(top)]));
  expect(await measure()).toEqual(truth());
  const remembered = folders.map((folder) => listings.list(folder));
  expect(await measure()).toEqual(truth());
  // The same arrays: nothing was read a second time.
  for (const [index, folder] of folders.entries()) expect(listings.list(folder)).toBe(remembered[index]);
  for (const [index, [, change]] of changes.entries()) change(tops[index] ?? '');
  const [found, wanted] = [await measure(), truth()];
  for (const [index, [what]] of changes.entries()) {
    const top = tops[index] ?? '';
    expect(found.get(top), what).toEqual(wanted.get(top));
  }
});

test('names that are not text and paths longer than the kernel accepts are followed', async () => {
  const [odd, long] = [temporaryFolder(), temporaryFolder()];
  const inside = Buffer.concat([Buffer.from(`${odd}/`), Buffer.from([0xff, 0xfe])]);
  mkdirSync(inside);
  writeFileSync(Buffer.concat([inside, Buffer.from('/file')]), Buffer.alloc(10_000, 1));
  // The kernel takes no path that long: made step by step.
  const step = 'd'.repeat(200);
  const script = `chdir $ARGV[0]; for (1..30) { mkdir "${step}" or die; chdir "${step}" or die } mkdir "last" or die`;
  execFileSync('perl', ['-e', script, long]);
  onTestFinished(() => {
    execFileSync('rm', ['-rf', long]);
  });
  for (const top of [odd, long]) {
    const trees = new TreeMeasurer(new Listings(), new MountTable(top), new LeftOut());
    const totals = await trees.measure([top], [], new Slices(signal));
    expect(sumTrees(totals.values())).toEqual(du(top));
  }
});

test('a large tree is not read on the main thread again before it is given to helpers', async () => {
  const root = temporaryFolder();
  const [large, small] = [`${root}/large`, `${root}/small`];
  for (const folder of [large, small]) mkdirSync(folder);
  for (let index = 0; index < 5000; index++) writeFileSync(`${large}/${index}`, '');
  writeFileSync(`${small}/file`, 'x');
  await settled(large, small);
  const listings = new Listings();
  // However busy the machine is: what takes long is not measured again at once.
  const trees = new TreeMeasurer(listings, new MountTable(root), new LeftOut(), Infinity);
  const measure = async (): Promise<void> => {
    const totals = await trees.measure([large, small], [], new Slices(signal));
    for (const [top, total] of totals) expect(sumTrees([total])).toEqual(du(top));
    expect(totals.size).toBe(2);
  };
  await measure();
  const names = [listings.list(large), listings.list(small)];
  listings.forgetUnused();
  await measure();
  listings.forgetUnused();
  // Only who was asked is still remembered.
  expect(listings.list(small)).toBe(names[1]);
  expect(listings.list(large)).not.toBe(names[0]);
});

test('the result for a slow tree is reused until it may take as long again', async () => {
  const root = temporaryFolder();
  for (let index = 0; index < 5000; index++) writeFileSync(`${root}/${index}`, '');
  const measured = async (trees: TreeMeasurer): Promise<unknown> => {
    const totals = await trees.measure([root], [], new Slices(signal));
    return sumTrees(totals.values());
  };
  const made = (slowMs: number): TreeMeasurer =>
    new TreeMeasurer(new Listings(), new MountTable(root), new LeftOut(), slowMs);
  const [always, never] = [made(0), made(Infinity)];
  const before = du(root);
  expect(await measured(always)).toEqual(before);
  expect(await measured(never)).toEqual(before);
  writeFileSync(`${root}/more`, Buffer.alloc(50_000, 1));
  expect(await measured(always)).toEqual(before);
  expect(await measured(never)).toEqual(du(root));
});

test('a folder that was changed a moment ago is read again: a further change may bear the same time', async () => {
  const folder = temporaryFolder();
  const listings = new Listings();
  const young = listings.list(folder);
  expect(young).toEqual([]);
  expect(listings.list(folder)).not.toBe(young);
  await settled(folder);
  expect(listings.list(folder)).toBe(listings.list(folder));
});

test('a folder that is created, removed and created again', async () => {
  const folder = `${temporaryFolder()}/folder`;
  const listings = new Listings();
  expect(listings.list(folder)).toBeUndefined();
  expect(listings.namesIn(folder)).toEqual([]);
  mkdirSync(folder);
  writeFileSync(`${folder}/name`, '');
  await settled(folder);
  expect(listings.list(folder)).toEqual(['name']);
  rmSync(folder, { recursive: true });
  expect(listings.list(folder)).toBeUndefined();
  writeFileSync(folder, 'a file in its place');
  expect(listings.list(folder)).toBeUndefined();
  rmSync(folder);
  mkdirSync(folder);
  expect(listings.list(folder)).toEqual([]);
});

test('behind a link the folder’s own times count, not the link’s', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/real`);
  symlinkSync('real', `${folder}/link`);
  const listings = new Listings();
  await settled(`${folder}/real`);
  expect(listings.list(`${folder}/link`)).toEqual([]);
  writeFileSync(`${folder}/real/name`, '');
  expect(listings.list(`${folder}/link`)).toEqual(['name']);
});

test('an unreadable entry is reported: as an errno if asked for, else as an error', () => {
  const folder = temporaryFolder();
  symlinkSync('loop', `${folder}/loop`);
  const listings = new Listings();
  expect(listings.list(`${folder}/loop`)).toBe('ELOOP');
  expect(() => listings.namesIn(`${folder}/loop`)).toThrow(DiskError);
});

test('what was not asked for since the last time is forgotten', async () => {
  const [one, two] = [temporaryFolder(), temporaryFolder()];
  const listings = new Listings();
  await settled(one, two);
  const [first, second] = [listings.list(one), listings.list(two)];
  listings.forgetUnused();
  expect(listings.list(one)).toBe(first);
  listings.forgetUnused();
  expect(listings.list(one)).toBe(first);
  expect(listings.list(two)).not.toBe(second);
});
