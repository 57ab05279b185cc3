/** `clean`, for a person's hand and for the first step of a job: what it deletes, what it asks, and how it ends. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { hasImage, listTags, runContainer } from '../../../harness/engine/engine-api.ts';
import { startTerminal } from '../../../harness/program/terminal.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;

beforeEach(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 260 } });
  await load(engine, imagesOnBase({ running: 41, kept: 35, big: 30, mid: 20, small: 12 }));
  await runContainer(engine, 'running:1');
});

afterEach(async () => {
  await engine.dispose();
});

/** Nothing but the settings that a sweep would be far from. */
const far = { high: 99, settings: { KEEP: 'kept' } };
interface CleanJson {
  readonly plan: { readonly victims: readonly { readonly references: readonly string[] }[] };
  readonly report: { readonly deletedImages: number; readonly reachedLow: boolean } | null;
  readonly deleted: readonly { readonly references: readonly string[]; readonly freedBytes: number }[];
}

describe('clean', () => {
  it('sweeps to LOW also below HIGH, and keeps what is used or protected', async () => {
    const { bytesPercent } = await engine.disk.usage();
    const low = bytesPercent - 15;
    const cli = cleaner(engine, ['clean', '--yes'], { ...far, low });
    expect((await cli.exited).code).toBe(0);
    expect(deletedNames(cli)).toEqual(['big:1', 'mid:1']);
    expect((await engine.disk.usage()).bytesPercent).toBeLessThan(low);
    expect(cli.stdout).toContain('2 images to be deleted, about ');
    expect(cli.stdout.trimEnd().split('\n').at(-1)).toMatch(/^2 images deleted, .* freed/);

    const again = cleaner(engine, ['clean', '--yes'], { ...far, low });
    expect((await again.exited).code).toBe(0);
    expect(again.stdout).toContain('Nothing to do: ');
    expect(again.records.some(({ event }) => event === 'sweep.started')).toBe(false);
  });

  it('--to takes a percentage of the filesystem, or bytes below the path', async () => {
    const { bytesPercent } = await engine.disk.usage();
    const percent = cleaner(engine, ['clean', '--to', `${bytesPercent - 5}%`, '--yes'], far);
    expect((await percent.exited).code).toBe(0);
    expect(deletedNames(percent)).toEqual(['big:1']);
    const bytes = cleaner(engine, ['clean', '--to', '100MiB', '--yes'], far);
    expect((await bytes.exited).code).toBe(0);
    expect(deletedNames(bytes)).toEqual(['mid:1']);
  });

  it('--free sees to so much available space, at most as far as that needs', async () => {
    const { availableBytes } = await engine.disk.usage();
    const mebibytes = Math.ceil(availableBytes / 2 ** 20) + 10;
    const cli = cleaner(engine, ['clean', '--free', `${mebibytes}MiB`, '--yes'], far);
    expect((await cli.exited).code).toBe(0);
    expect(deletedNames(cli)).toEqual(['big:1']);
    expect((await engine.disk.usage()).availableBytes).toBeGreaterThanOrEqual(mebibytes * 2 ** 20);

    const again = cleaner(engine, ['clean', '--free', `${mebibytes}MiB`, '--yes'], far);
    expect((await again.exited).code).toBe(0);
    expect(again.stdout).toContain('Nothing to do: at least ');
    const both = cleaner(engine, ['clean', '--free', '1GB', '--to', '50%', '--yes'], far);
    expect((await both.exited).code).toBe(2);
    expect(both.stderr).toContain('--free and --to cannot be used together');
    const much = cleaner(engine, ['clean', '--free', 'much', '--yes'], far);
    expect((await much.exited).code).toBe(2);
    expect(much.stderr).toContain('--free="much"');
  });

  it('as docs/clean.md has it before a CI job: everything deletable where that much cannot be freed, and status 3', async () => {
    const page = readFileSync(new URL('../../../docs/clean.md', import.meta.url), 'utf8');
    const command = /<!-- recipe:ci -->\s+```sh\ndocker-image-cleaner (.+)\n```/.exec(page)?.[1] ?? '';
    expect(command).toContain('20GB');
    const cli = cleaner(engine, command.split(' '), far);
    expect((await cli.exited).code).toBe(3);
    expect(await listTags(engine)).toEqual(['kept:1', 'running:1']);
  });

  it('does not wait for the window: it was asked for now', async () => {
    const { bytesPercent } = await engine.disk.usage();
    const hour = (new Date().getUTCHours() + 6) % 24;
    const window = `${String(hour).padStart(2, '0')}:00-${String(hour).padStart(2, '0')}:30 UTC`;
    const settings = { ...far.settings, WINDOW: window };
    const cli = cleaner(engine, ['clean', '--to', `${bytesPercent - 5}%`, '--yes'], { ...far, settings });
    expect((await cli.exited).code).toBe(0);
    expect(deletedNames(cli)).toEqual(['big:1']);
  });

  it('ends with 3 where its target cannot be reached, and says where the space is', async () => {
    const cli = cleaner(engine, ['clean', '--to', '5%', '--yes', '--json'], far);
    expect((await cli.exited).code).toBe(3);
    const { plan, report, deleted } = cli.json<CleanJson>();
    expect(plan.victims).toHaveLength(3);
    expect(report).toMatchObject({ deletedImages: 3, reachedLow: false });
    expect(deleted.map(({ references }) => references[0])).toEqual(['big:1', 'mid:1', 'small:1']);
    expect(deleted.every(({ freedBytes }) => freedBytes > 0)).toBe(true);
    expect(await listTags(engine)).toEqual(['kept:1', 'running:1']);

    const nothing = cleaner(engine, ['clean', '--to', '5%', '--yes'], far);
    expect((await nothing.exited).code).toBe(3);
    expect(nothing.stdout).toContain('Nothing may be deleted');
  });

  it('a dry run shows the plan and deletes nothing', async () => {
    const cli = cleaner(engine, ['clean', '--to', '5%', '--dry-run', '--json'], far);
    expect((await cli.exited).code).toBe(0);
    const { plan, report, deleted } = cli.json<CleanJson>();
    expect(plan.victims).toHaveLength(3);
    expect([report, deleted]).toEqual([null, []]);
    const text = cleaner(engine, ['clean', '--to', '5%', '--dry-run'], far);
    expect((await text.exited).code).toBe(0);
    expect(text.stdout).toContain('3 images would be deleted');
    expect(await listTags(engine)).toHaveLength(5);
  });

  it('without a terminal and without --yes it is refused in one line, before anything is asked', async () => {
    const cli = cleaner(engine, ['clean'], { ...far, low: 50, dockerHost: 'unix:///nowhere.sock' });
    expect((await cli.exited).code).toBe(2);
    expect(cli.stderr).toBe(
      'error: clean deletes images and asks first, but this is not a terminal: add --yes, or --dry-run\n',
    );
    expect(cli.stdout).toBe('');
  });

  it('ends with 1 where the engine is away', async () => {
    await engine.stop();
    const cli = cleaner(engine, ['clean', '--yes'], { ...far, low: 1 });
    expect((await cli.exited).code).toBe(1);
    expect(cli.stderr).toContain('error: cannot connect to the engine at ');
  });

  it('checks again right before each deletion: what came into use after the plan is kept', async () => {
    const daemon = cleaner(engine, ['run'], {
      ...far,
      low: 1,
      settings: { ...far.settings, DELAY_SECONDS: '0' },
    });
    await daemon.waitForEvent('check.completed');
    // Beside a daemon that runs: two processes sweep the same store, and nothing is done twice or too much.
    const cli = cleaner(engine, ['clean', '--to', '5%', '--yes'], far);
    daemon.kill('SIGUSR1');
    expect((await cli.exited).code).toBe(3);
    expect(await listTags(engine)).toEqual(['kept:1', 'running:1']);
    expect(await hasImage(engine, 'running:1')).toBe(true);
    daemon.kill();
    expect((await daemon.exited).code).toBe(0);
  });
});

describe('clean on a terminal', () => {
  const env = (): Record<string, string> => ({
    DOCKER_HOST: engine.dockerHost,
    DOCKER_IMAGE_CLEANER_PATH_TO_CHECK: engine.dataRoot,
    DOCKER_IMAGE_CLEANER_MIN_AGE_SECONDS: '0',
    DOCKER_IMAGE_CLEANER_DELAY_SECONDS: '0',
    DOCKER_IMAGE_CLEANER_KEEP: 'kept',
  });

  it('shows the plan and asks; no is the default', async () => {
    const terminal = await startTerminal(['clean', '--to', '5%'], { env: env() });
    try {
      const asked = await terminal.waitForScreen(/Delete 3 images, about [\d.]+ MB\? \[y\/N\]/);
      expect(asked).toContain('big:1');
      terminal.press('Enter');
      await terminal.waitForScreen(/Nothing was deleted\.\s+\[exit 3\]/);
      expect(await listTags(engine)).toHaveLength(5);
    } finally {
      terminal.dispose();
    }
  });

  it('Ctrl-C at the question ends it, and nothing is deleted', async () => {
    const terminal = await startTerminal(['clean', '--to', '5%'], { env: env() });
    try {
      await terminal.waitForScreen(/\[y\/N\]/);
      terminal.press('C-c');
      await terminal.waitForScreen(/Nothing was deleted\.\s+\[exit 3\]/);
      expect(await listTags(engine)).toHaveLength(5);
    } finally {
      terminal.dispose();
    }
  });

  it('deletes after a yes', async () => {
    const terminal = await startTerminal(['clean', '--to', '5%'], { env: env() });
    try {
      await terminal.waitForScreen(/\[y\/N\]/);
      terminal.press('y');
      terminal.press('Enter');
      await terminal.waitForScreen(/3 images deleted,[\s\S]*\[exit 3\]/);
      expect(await listTags(engine)).toEqual(['kept:1', 'running:1']);
    } finally {
      terminal.dispose();
    }
  });
});
