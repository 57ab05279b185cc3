/** KEEP_FILE on a real engine: refused with a bad line, said in the plan, and in force from the moment it is written. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { startWireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;
let path: string;

beforeEach(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 260 } });
  path = join(engine.disk.workspace.path, 'keep');
  await load(engine, imagesOnBase({ big: 20, mid: 15, small: 10 }));
});

afterEach(async () => {
  await engine.dispose();
});

/** Everything unused would be deleted. */
const drain = { high: 4, low: 2 };

describe('KEEP_FILE', () => {
  it('with a bad line is refused by every command, before anything is touched', async () => {
    writeFileSync(path, 'big\n\nmid,Bad!\n');
    for (const args of [['run'], ['run', '--once'], ['plan'], ['status'], ['clean', '--yes']]) {
      const cli = cleaner(engine, args, { ...drain, settings: { KEEP_FILE: path } });
      expect(await cli.exited).toEqual({ code: 2, signal: null });
      expect(cli.stderr).toBe(
        `error: DOCKER_IMAGE_CLEANER_KEEP_FILE: ${path} line 3: "Bad!" is not a valid pattern: only * and ? are special; prefix re: for a regular expression\n`,
      );
    }
    expect(await listTags(engine)).toEqual(['big:1', 'mid:1', 'small:1']);
  });

  it('protects matching images, and the plan names the pattern and the file', async () => {
    writeFileSync(path, '# ours\nbig\nre:^mid # until May\nnobody/*\n');
    const plan = cleaner(engine, ['plan'], { ...drain, settings: { KEEP_FILE: path } });
    expect((await plan.exited).code).toBe(0);
    expect(plan.stdout).toContain(`the pattern big of ${path} protects it`);
    expect(plan.stdout).toContain(`the pattern re:^mid of ${path} protects it`);
    expect(plan.stdout).toContain(`The KEEP pattern nobody/* of ${path} matches no image here.`);
    const sweep = cleaner(engine, ['run', '--once'], { ...drain, settings: { KEEP_FILE: path } });
    expect((await sweep.exited).code).toBe(3);
    expect(deletedNames(sweep)).toEqual(['small:1']);
    expect(sweep.records).toContainEqual(
      expect.objectContaining({
        event: 'config.warning',
        message: `${path}: the pattern nobody/* matches no image here.`,
      }),
    );
  });

  it('is read while a sweep runs, and what is written into it is not deleted any more', async () => {
    writeFileSync(path, '');
    const proxy = await startWireProxy({
      target: { socketPath: engine.socketPath },
      listen: { socketPath: join(engine.disk.workspace.path, 'proxy.sock') },
    });
    try {
      proxy.addRule({
        match: ({ method }) => method === 'DELETE',
        times: 1,
        before: () => {
          writeFileSync(path, 'mid\n');
        },
      });
      const cli = cleaner(engine, ['run', '--once'], {
        ...drain,
        dockerHost: proxy.dockerHost,
        settings: { KEEP_FILE: path },
      });
      expect((await cli.exited).code).toBe(3);
      expect(deletedNames(cli)).toEqual(['big:1', 'small:1']);
      expect(await listTags(engine)).toEqual(['mid:1']);
    } finally {
      await proxy.dispose();
    }
  });

  it('that is damaged or gone is an error in the log, and what it protected is kept', async () => {
    writeFileSync(path, 'big\n');
    const cli = cleaner(engine, ['run'], {
      high: 99,
      low: 98,
      settings: { KEEP_FILE: path, INTERVAL_SECONDS: '1' },
    });
    await cli.waitForEvent('check.completed');
    writeFileSync(path, 'big\nBad!\n');
    expect(await cli.waitForEvent('keep-file.failed')).toMatchObject({
      level: 'error',
      path,
      message: expect.stringMatching(
        /line 2: "Bad!" .*\. The patterns read before stay in force\.$/,
      ) as string,
    });
    writeFileSync(path, 'big\nmid\n');
    expect(await cli.waitForEvent('keep-file.read')).toMatchObject({ level: 'info', patterns: 2 });
    cli.kill();
    expect((await cli.exited).code).toBe(0);
    expect(cli.records.filter(({ event }) => event === 'keep-file.failed')).toHaveLength(1);
  });
});
