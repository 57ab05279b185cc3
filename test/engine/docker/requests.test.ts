/**
 * What is asked of a Docker Engine, whatever the settings, is what docs/security.md says, for those who filter the
 * socket.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryRoot } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import {
  createContainer,
  removeContainer,
  runContainer,
  stopContainer,
  tagImage,
} from '../../../harness/engine/engine-api.ts';
import { startWireProxy, type WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, type CleanerOptions, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;
let proxy: WireProxy;

beforeAll(async () => {
  engine = await startDockerEngine();
  proxy = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
  });
});
afterAll(async () => {
  await proxy.dispose();
  await engine.dispose();
});

/** The table's requests, as a pattern each. */
function documented(): readonly { readonly text: string; readonly pattern: RegExp }[] {
  const page = readFileSync(`${repositoryRoot}docs/security.md`, 'utf8');
  return [...page.matchAll(/^\| `((?:GET|POST|DELETE) \/\S*)` /gm)].map(([, text = '']) => ({
    text,
    pattern: new RegExp(`^${text.replaceAll('/', '\\/').replace(':id', '.+?')}$`),
  }));
}

it('is all that a filtering proxy must let through, and each of it happens', async () => {
  const allowed = documented();
  expect(allowed.length).toBeGreaterThan(10);
  const asked = (): string[] =>
    proxy.requests.map(
      ({ method, path }) => `${method} ${path.replace(/^\/v[\d.]+/, '').replace(/\?.*/s, '')}`,
    );
  // As such a proxy would: what the page does not name is refused.
  proxy.addRule({
    match: ({ method, path }) => {
      const line = `${method} ${path.replace(/^\/v[\d.]+/, '').replace(/\?.*/s, '')}`;
      return !allowed.some(({ pattern }) => pattern.test(line));
    },
    respond: { status: 403, body: '{"message":"not documented"}' },
  });
  const run = async (args: readonly string[], options: CleanerOptions): Promise<void> => {
    const cli = cleaner(engine, args, { dockerHost: proxy.dockerHost, ...options });
    const { code } = await cli.exited;
    expect([0, 3], `${args.join(' ')}: ${cli.stderr}`).toContain(code);
  };
  const drain = { high: 0.2, low: 0.1 };

  await load(engine, imagesOnBase({ used: 5, big: 9, mid: 6, twice: 3 }));
  await tagImage(engine, 'twice:1', 'twice:2');
  const stopped = await runContainer(engine, 'used:1');
  await stopContainer(engine, stopped);
  await run(['plan'], drain);
  await run(['status'], drain);
  // Layers that cannot be measured, and the use of images followed.
  await run(['status'], { ...drain, withoutCapabilities: ['dac_override', 'dac_read_search'] });
  // An image that comes into use when one of its names is gone: it is restored.
  let holder: string | undefined;
  const rule = proxy.addRule({
    match: ({ method, path }) => method === 'DELETE' && path.includes('/images/twice'),
    times: 1,
    before: async () => {
      holder ??= await createContainer(engine, 'twice:1');
    },
  });
  await run(['run', '--once'], { ...drain, settings: { STATE_FILE: `${engine.disk.workspace.path}/state` } });
  rule.remove();
  if (holder !== undefined) await removeContainer(engine, holder);
  await run(['run', '--once'], {
    ...drain,
    settings: { CLEAN: 'images,build-cache,stopped-containers', STOPPED_CONTAINER_AGE_SECONDS: '0' },
  });

  const lines = asked();
  for (const line of new Set(lines))
    expect(
      allowed.some(({ pattern }) => pattern.test(line)),
      line,
    ).toBe(true);
  // A record of the build cache takes a build: test/engine/sweep/cache-and-containers.test.ts.
  const unused = allowed.filter(({ pattern }) => !lines.some((line) => pattern.test(line)));
  expect(unused.map(({ text }) => text).filter((text) => text !== 'POST /build/prune')).toEqual([]);
  const queries = proxy.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
  expect(queries.length).toBeGreaterThan(0);
  for (const path of queries) expect(path).not.toMatch(/[?&](force|v)=(1|true)/i);
});
