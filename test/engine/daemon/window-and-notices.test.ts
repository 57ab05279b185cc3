/** WINDOW and NOTIFY_URL through the whole program: when a sweep may begin, and the notice of how it ended. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;
const posts: { readonly path: string; readonly body: unknown }[] = [];
const receiver = createServer((request, response) => {
  void text(request).then((body) => {
    posts.push({ path: request.url ?? '', body: JSON.parse(body) });
    response.end();
  });
});
let notifyUrl = '';

beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 260 } });
  await load(engine, imagesOnBase({ big: 30, small: 12 }));
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  notifyUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/secret-topic`;
});
afterAll(async () => {
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
  await engine.dispose();
});

/** Hours of today and tomorrow in UTC, relative to now. */
function hours(from: number, to: number): string {
  const at = (hour: number): string =>
    `${String((new Date().getUTCHours() + hour + 24) % 24).padStart(2, '0')}:00`;
  return `${at(from)}-${at(to)} UTC`;
}
const never = { high: 0.2, low: 0.1 };

it('outside its window no sweep begins, and plan and log say when one may', async () => {
  const settings = { WINDOW: hours(6, 8), THRESHOLD_CRITICAL: '100' };
  const cli = cleaner(engine, ['run', '--once'], { ...never, settings });
  expect((await cli.exited).code).toBe(0);
  expect(cli.records.find(({ event }) => event === 'sweep.skipped')?.['reason']).toContain('UTC');
  expect(await listTags(engine)).toEqual(['big:1', 'small:1']);
  const plan = cleaner(engine, ['plan'], { ...never, settings });
  expect((await plan.exited).code).toBe(0);
  expect(plan.stdout).toContain('sweeps begin only at the critical threshold');
});

it('a critical disk does not wait for the window', async () => {
  const { bytesPercent } = await engine.disk.usage();
  const settings = { WINDOW: hours(6, 8), THRESHOLD_CRITICAL: `${bytesPercent - 1}` };
  const cli = cleaner(engine, ['run', '--once'], {
    high: bytesPercent - 2,
    low: bytesPercent - 5,
    settings,
  });
  expect((await cli.exited).code).toBe(0);
  expect(deletedNames(cli)).toEqual(['big:1']);
});

it('inside it a sweep begins; a notice says that low was not reached, and the log does not reveal the address', async () => {
  const settings = { WINDOW: hours(-2, 2), NOTIFY_URL: notifyUrl };
  const cli = cleaner(engine, ['run', '--once'], { ...never, settings });
  expect((await cli.exited).code).toBe(3);
  expect(deletedNames(cli)).toEqual(['small:1']);
  expect(posts.map(({ path }) => path)).toEqual(['/secret-topic']);
  expect(posts[0]?.body).toMatchObject({
    source: 'docker-image-cleaner',
    problem: 'low-not-reached',
    state: 'begins',
  });
  expect(cli.stderr).not.toContain('secret-topic');
});
