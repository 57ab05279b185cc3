/** `clean --unused-for`: only images unused for that long, by what a daemon has tracked; alone, and with a target. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Cli } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import * as api from '../../../harness/engine/engine-api.ts';
import { startWireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;
let settings: Record<string, string>;
let ids: Readonly<Record<string, string>>;

beforeEach(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 260 } });
  ids = await load(engine, imagesOnBase({ running: 4, kept: 5, recent: 25, idle: 20, other: 12 }));
  await api.runContainer(engine, 'running:1');
  settings = { KEEP: 'kept', STATE_FILE: `${engine.disk.workspace.path}/state.json` };
});
afterEach(async () => {
  await engine.dispose();
});

/** Longer than a command takes on a busy machine, and shorter than anybody wants to wait. */
const SECONDS = 20;

function clean(args: readonly string[], more: Record<string, string> = {}): Cli {
  return cleaner(engine, ['clean', '--unused-for', `${SECONDS}s`, ...args], {
    ...{ high: 99, low: 98 },
    settings: { ...settings, ...more },
  });
}

/** A container uses the image, and is gone. */
async function use(reference: string): Promise<void> {
  await api.removeContainer(engine, await api.runContainer(engine, reference));
}

/** A daemon tracks use for that long; then `recent` is used. */
async function track(): Promise<void> {
  const daemon = cleaner(engine, ['run', '--dry-run'], {
    ...{ high: 99, low: 98 },
    settings: { ...settings, INTERVAL_SECONDS: '1', MAX_UNUSED_SECONDS: `${SECONDS}s` },
  });
  await daemon.waitForEvent('max-unused.completed', { timeoutMs: 120_000 });
  await use('recent:1');
  daemon.kill();
  expect((await daemon.exited).code).toBe(0);
}

interface CleanJson {
  readonly plan: {
    readonly victims: readonly { readonly references: readonly string[] }[];
    readonly kept: readonly { readonly references: readonly string[]; readonly code: string }[];
  };
  readonly report: object | null;
  readonly unused: { readonly deletedImages: number; readonly endedBecause: string } | null;
  readonly deleted: readonly { readonly references: readonly string[] }[];
}

it('deletes nothing before use was tracked for that long, and says how long is missing', async () => {
  const cli = clean(['--yes']);
  expect((await cli.exited).code).toBe(3);
  expect(cli.stdout).toMatch(/Nothing may be deleted yet: image use must be tracked for \d+ s more/);
  const forgetful = clean(['--yes'], { STATE_FILE: '' });
  expect((await forgetful.exited).code).toBe(2);
  expect(forgetful.stderr).toContain('--unused-for needs DOCKER_IMAGE_CLEANER_STATE_FILE');
  for (const bad of ['often', '0', '-1d']) {
    const refused = cleaner(engine, ['clean', `--unused-for=${bad}`, '--yes'], { settings });
    expect((await refused.exited).code, bad).toBe(2);
    expect(refused.stderr).toContain(`--unused-for="${bad}"`);
  }
  expect(await api.listTags(engine)).toHaveLength(5);
});

it('alone it deletes all unprotected images unused for that long, however empty the disk is', async () => {
  await track();
  const dry = clean(['--dry-run', '--json']);
  expect((await dry.exited).code).toBe(0);
  const { plan, unused, deleted } = dry.json<CleanJson>();
  expect(plan.victims.flatMap(({ references }) => references).sort()).toEqual(['idle:1', 'other:1']);
  expect(plan.kept.find(({ references }) => references.includes('recent:1'))?.code).toBe('used-lately');
  expect(plan.kept.find(({ references }) => references.includes('kept:1'))?.code).toBe('keep-pattern');
  expect([unused, deleted]).toEqual([null, []]);

  // Again, since a command may take long on a busy machine.
  await use('recent:1');
  const cli = clean(['--yes', '--json']);
  expect((await cli.exited).code).toBe(0);
  const done = cli.json<CleanJson>();
  expect(done.unused).toMatchObject({ deletedImages: 2, endedBecause: 'done' });
  expect(done.deleted.flatMap(({ references }) => references).sort()).toEqual(['idle:1', 'other:1']);
  expect(await api.listTags(engine)).toEqual(['kept:1', 'recent:1', 'running:1']);

  await use('recent:1');
  const again = clean(['--yes']);
  expect((await again.exited).code).toBe(0);
  expect(again.stdout).toContain('Nothing to do: no deletable image has been unused for 20 s already.');
});

it('with a target it deletes of those images only what the target needs, and ends with 3 where they do not suffice', async () => {
  await track();
  const { bytesPercent } = await engine.disk.usage();
  const some = clean(['--to', `${bytesPercent - 2}%`, '--yes']);
  expect((await some.exited).code).toBe(0);
  expect(deletedNames(some)).toEqual(['idle:1']);
  await use('recent:1');
  const more = clean(['--to', '1%', '--yes']);
  expect((await more.exited).code).toBe(3);
  expect(deletedNames(more)).toEqual(['other:1']);
  expect(more.stdout).toContain('which does not reach the target');
  expect(await api.listTags(engine)).toEqual(['kept:1', 'recent:1', 'running:1']);
});

it('knows what happened since the state file was written, by the engine’s events', async () => {
  await track();
  await use('idle:1');
  const cli = clean(['--yes']);
  expect((await cli.exited).code).toBe(0);
  expect(deletedNames(cli)).toEqual(['other:1']);
  expect(await api.listTags(engine)).toContain('idle:1');
});

it.each([
  ['alone', []],
  ['with a target', ['--to', '1%']],
])('%s it keeps an image that a container used briefly after the plan', async (_, target) => {
  await track();
  const socketPath = `${engine.disk.workspace.path}/proxy.sock`;
  await using proxy = await startWireProxy({ target: engine, listen: { socketPath } });
  const used = proxy.addRule({
    // The look right before its deletion.
    match: ({ method, path }) => method === 'GET' && path.includes(`/images/${String(ids['idle'])}/json`),
    times: 1,
    before: async () => {
      await use('idle:1');
    },
  });
  const cli = cleaner(engine, ['clean', '--unused-for', `${SECONDS}s`, '--yes', ...target], {
    ...{ high: 99, low: 98, dockerHost: proxy.dockerHost, settings },
  });
  await cli.exited;
  expect(used.hits).toBe(1);
  expect(deletedNames(cli)).toEqual(['other:1']);
  expect(cli.records.find(({ event }) => event === 'image.kept')).toMatchObject({
    references: ['idle:1'],
    reason: 'it is no longer known to have been unused for that long',
  });
  expect(await api.listTags(engine)).toContain('idle:1');
});
