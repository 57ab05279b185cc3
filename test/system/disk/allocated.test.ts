import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  readdirSync,
} from 'node:fs';
import { build } from 'esbuild';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { measureAllocated } from './measure-allocated.ts';
import { DiskError } from '../../../src/disk/filesystem/error.ts';
import { Listings } from '../../../src/disk/walk/listings.ts';
import { Slices } from '../../../src/disk/walk/slices.ts';
import { SmallTrees } from '../../../src/disk/walk/small-trees.ts';
import { sumTrees, type TreeTotal } from '../../../src/disk/walk/tree-total.ts';
import { walkTrees } from '../../../src/disk/walk/walk.ts';
import { du } from '../../../harness/machine/du.ts';
import { temporaryFolder } from '../../unit/disk/walk/tree.ts';

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const signal = new AbortController().signal;
const source = new URL('../../../src/disk/walk/', import.meta.url).pathname;

function trees(results: readonly (TreeTotal | DiskError)[]): TreeTotal[] {
  return results.map((result) => {
    if (result instanceof DiskError) throw result;
    return result;
  });
}

test('blocks are counted, not file sizes: small files cost a block, holes cost nothing', async () => {
  const folder = temporaryFolder();
  for (let index = 0; index < 100; index++) writeFileSync(`${folder}/small-${index}`, 'x');
  writeFileSync(`${folder}/hole`, '');
  truncateSync(`${folder}/hole`, 100_000_000);
  const allocated = await measureAllocated(folder, signal);
  expect(allocated).toEqual(du(folder));
  expect(allocated.bytes).toBeGreaterThan(100 * 512);
  expect(allocated.bytes).toBeLessThan(10_000_000);
});

test('a file with several names counts once, also where the names are in trees of different processes', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/a`);
  mkdirSync(`${folder}/b`);
  writeFileSync(`${folder}/a/one`, Buffer.alloc(1_000_000, 1));
  linkSync(`${folder}/a/one`, `${folder}/b/two`);
  linkSync(`${folder}/a/one`, `${folder}/a/three`);
  expect(await measureAllocated(folder, signal)).toEqual(du(folder));
  const parts = trees(await walkTrees([`${folder}/a`, `${folder}/b`], signal, { processes: 2 }));
  expect(parts.map((part) => part.openLinks.length)).toEqual([1, 1]);
  const whole = du(folder);
  const top = trees(await walkTrees([folder], signal, { exclude: [`${folder}/a`, `${folder}/b`] }));
  expect(sumTrees([...parts, ...top])).toEqual(whole);
});

test('a file with a name outside of the path counts as du counts it', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/in`);
  writeFileSync(`${folder}/out`, Buffer.alloc(50_000, 1));
  linkSync(`${folder}/out`, `${folder}/in/name`);
  expect(await measureAllocated(`${folder}/in`, signal)).toEqual(du(`${folder}/in`));
});

test('symbolic links are not followed', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/in`);
  writeFileSync(`${folder}/big`, Buffer.alloc(1_000_000, 1));
  symlinkSync('../big', `${folder}/in/link`);
  symlinkSync('..', `${folder}/in/loop`);
  expect(await measureAllocated(`${folder}/in`, signal)).toEqual(du(`${folder}/in`));
});

test('another filesystem and a bind mount of the same one below the path are left out', async () => {
  const folder = temporaryFolder();
  const mount = (...args: string[]): void => {
    execFileSync('mount', args);
    const point = args.at(-1) ?? '';
    onTestFinished(() => {
      // A walker that was just ended may still be in it.
      execFileSync('umount', ['--lazy', point]);
    });
  };
  mkdirSync(`${folder}/root/other`, { recursive: true });
  mkdirSync(`${folder}/root/with blank`);
  mkdirSync(`${folder}/elsewhere`);
  writeFileSync(`${folder}/elsewhere/data`, Buffer.alloc(300_000, 1));
  const before = await measureAllocated(`${folder}/root`, signal);
  mount('-t', 'tmpfs', 'none', `${folder}/root/other`);
  writeFileSync(`${folder}/root/other/data`, Buffer.alloc(500_000, 1));
  mount('--bind', `${folder}/elsewhere`, `${folder}/root/with blank`);
  const after = await measureAllocated(`${folder}/root`, signal);
  expect(after.inodes).toBe(before.inodes - 2);
  expect(after.bytes).toBeLessThanOrEqual(before.bytes);
  // A mount point that is the path itself is what is measured.
  expect(await measureAllocated(`${folder}/root/other`, signal)).toEqual(du(`${folder}/root/other`));
});

test('names that are not UTF-8 and paths longer than the kernel accepts are counted', async () => {
  const folder = temporaryFolder();
  const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe, 0x41])]);
  mkdirSync(odd);
  writeFileSync(Buffer.concat([odd, Buffer.from('/inside')]), Buffer.alloc(200_000, 1));
  const name = 'd'.repeat(200);
  // Deeper than 4096 bytes: made step by step, as the kernel takes no path that long.
  const script = `chdir $ARGV[0]; for (1..30) { mkdir "${name}" or die; chdir "${name}" or die }
    open(F, '>', 'deep') or die; print F 'x' x 123456; close F`;
  execFileSync('perl', ['-e', script, folder]);
  onTestFinished(() => {
    execFileSync('rm', ['-rf', folder]);
  });
  expect(await measureAllocated(folder, signal)).toEqual(du(folder));
});

test('any depth is walked, as du does it', async () => {
  const folder = temporaryFolder();
  onTestFinished(() => {
    execFileSync('rm', ['-rf', folder]);
  });
  // Long names to get beyond every longest path, short ones for many levels; files on the way back up are counted as well.
  const script = `chdir $ARGV[0];
    for (1..1500) { my $name = $_ % 25 ? 'd' : 'e' x 255; mkdir "side"; mkdir $name or die; chdir $name or die }
    open(F, '>', 'deep') or die; print F 'x' x 123456; close F`;
  execFileSync('perl', ['-e', script, folder]);
  expect(await measureAllocated(folder, signal)).toEqual(du(folder));
});

test('more files with several names than can be remembered are still counted', async () => {
  const folder = temporaryFolder();
  const script = `chdir $ARGV[0]; mkdir 'a'; mkdir 'b';
    for (1..40000) { open(F, '>', "a/$_") or die; print F 'x'; close F; link("a/$_", "b/$_") or die }
    link("a/1", "b/x$_") for 1..20000;`;
  execFileSync('perl', ['-e', script, folder]);
  onTestFinished(() => {
    execFileSync('rm', ['-rf', folder]);
  });
  expect(await measureAllocated(folder, signal)).toEqual(du(folder));
});

test('folders that are exchanged with links while they are walked never lead out of the tree', async () => {
  const folder = temporaryFolder();
  const big = 50_000_000;
  mkdirSync(`${folder}/out`);
  writeFileSync(`${folder}/out/big`, Buffer.alloc(big, 1));
  for (let at = 0; at < 200; at++) {
    mkdirSync(`${folder}/in/way${at}`, { recursive: true });
    symlinkSync('../out', `${folder}/in/link${at}`);
  }
  // renameat2(2) with RENAME_EXCHANGE: at each moment there is one or the other. It ends with us, however we end.
  const script = `chdir $ARGV[0]; $| = 1; print "ready\\n"; my $parent = getppid();
    while (getppid() == $parent) { for (0..199) { syscall(316, -100, "way$_", -100, "link$_", 2) == 0 or die $! } }`;
  const exchange = spawn('perl', ['-e', script, `${folder}/in`], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    exchange.kill('SIGKILL');
  });
  await once(exchange.stdout, 'data');
  for (let walk = 0; walk < 10; walk++) {
    const { bytes } = sumTrees(trees(await walkTrees([`${folder}/in`], signal, { processes: 1 })));
    expect(bytes).toBeLessThan(big);
    const slices = new Slices(signal);
    for (let look = 0; look < 10; look++) {
      const small = await new SmallTrees(new Listings(), [], slices).measure(`${folder}/in`, 4000);
      if (typeof small !== 'string') expect(small.total.bytes).toBeLessThan(big);
    }
  }
});

test('a missing path is an error with its name', async () => {
  const path = `${temporaryFolder()}/not-here`;
  await expect(measureAllocated(path, signal)).rejects.toMatchObject({ code: 'missing', path });
});

test('a path that may not be read is an error with its name', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/closed/deep`, { recursive: true });
  chmodSync(folder, 0o755);
  chmodSync(`${folder}/closed`, 0o700);
  const bundle = `${folder}/measure.cjs`;
  await bundleMeasure(bundle, false);
  // Root may read everything, so the question is asked by somebody else: by a process that gives up its rights itself,
  // as one that had none could not start a Node that lies below a closed folder, such as a clone in /root.
  const descend = `${folder}/descend.cjs`;
  writeFileSync(descend, 'process.setgroups([]); process.setgid(65534); process.setuid(65534);');
  const run = spawnSync(process.execPath, ['--require', descend, bundle, folder], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  expect(JSON.parse(run.stdout)).toMatchObject({ code: 'unreadable', path: `${folder}/closed` });
});

/** One CommonJS file with the measurement in it, as the published program is built. */
async function bundleMeasure(outfile: string, minify: boolean): Promise<void> {
  await build({
    stdin: {
      contents: `import { measureAllocated } from './measure-allocated.ts';
        measureAllocated(process.argv[2], new AbortController().signal).then(
          (amount) => console.log(JSON.stringify(amount)),
          (error) => console.log(JSON.stringify({ code: error.code, path: error.path })));`,
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    bundle: true,
    minify,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    outfile,
  });
}

test.each([false, true])('works from one bundled file (minified: %s)', async (minify) => {
  const folder = temporaryFolder();
  await bundleMeasure(`${folder}/measure.cjs`, minify);
  const run = spawnSync(process.execPath, [`${folder}/measure.cjs`, source], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(JSON.parse(run.stdout)).toEqual(du(source));
});

test('works from the unbuilt sources', () => {
  const code = `import { measureAllocated } from '${import.meta.dirname}/measure-allocated.ts';
    console.log(JSON.stringify(await measureAllocated('${source}', new AbortController().signal)));`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  expect(JSON.parse(run.stdout)).toEqual(du(source));
});

test('an abort stops the walk with its reason', async () => {
  const reason = new Error('stop');
  await expect(measureAllocated('/', AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const walk = walkTrees([temporaryFolder(), '/usr'], controller.signal, {
    onTree: () => {
      controller.abort(reason);
    },
    processes: 1,
  });
  await expect(walk).rejects.toBe(reason);
});

test('entries that vanish during the walk are ignored', async () => {
  const folder = temporaryFolder();
  for (let index = 0; index < 300; index++) {
    mkdirSync(`${folder}/${index}/a/b`, { recursive: true });
    for (let file = 0; file < 10; file++) writeFileSync(`${folder}/${index}/a/b/${file}`, 'x');
  }
  const whole = await measureAllocated(folder, signal);
  const walk = measureAllocated(folder, signal);
  for (const name of readdirSync(folder)) {
    rmSync(`${folder}/${name}`, { recursive: true });
    await new Promise(setImmediate);
  }
  const during = await walk;
  expect(during.inodes).toBeLessThanOrEqual(whole.inodes);
  expect(await measureAllocated(folder, signal)).toEqual(du(folder));
});

test('trees that cannot be measured do not spoil the others', async () => {
  const folder = temporaryFolder();
  const [missing, here] = await walkTrees([`${folder}/no`, folder], signal);
  expect(missing).toMatchObject({ code: 'missing', path: `${folder}/no` });
  expect(here).toMatchObject(du(folder));
});

test('any tree, with any number of processes, equals du', async () => {
  const node: fc.Arbitrary<readonly number[][]> = fc.array(fc.array(fc.nat(20_000), { maxLength: 6 }), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(node, fc.integer({ min: 1, max: 3 }), async (folders, processes) => {
      const folder = temporaryFolder();
      let path = folder;
      for (const [index, sizes] of folders.entries()) {
        // Now deeper, now beside.
        path = index % 3 === 0 ? `${folder}/${index}` : `${path}/${index}`;
        mkdirSync(path);
        for (const [file, size] of sizes.entries()) writeFileSync(`${path}/f${file}`, Buffer.alloc(size, 1));
      }
      const results = trees(await walkTrees([folder], signal, { processes }));
      expect(sumTrees(results)).toEqual(du(folder));
    }),
    { numRuns: 25 },
  );
});
