/**
 * A deletion that frees less or more than predicted is reported, once per sweep; on a real engine, by what really
 * keeps space.
 */
import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { settle } from './predictions.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

const MiB = 1024 * 1024;
let engine: DockerEngine;
const open: number[] = [];
beforeEach(async () => {
  engine = await startDockerEngine();
  await load(engine, imagesOnBase({ one: 20, two: 12, three: 6 }));
  settle(engine);
});
afterEach(async () => {
  for (const descriptor of open.splice(0)) closeSync(descriptor);
  await engine.dispose();
});

/** Holds a layer's file of about this size open, so that its blocks remain when it is deleted. */
function holdOpen(sizeMiB: number): void {
  const folder = join(engine.dataRoot, 'overlay2');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  const held = files.find((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true && Math.abs(stats.size - sizeMiB * MiB) < MiB / 2;
  });
  if (held === undefined) throw new Error(`a layer has a file of ${sizeMiB} MiB`);
  open.push(openSync(held, 'r'));
}

async function sweepAll() {
  const sweep = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1 });
  expect((await sweep.exited).code).toBe(3);
  expect(deletedNames(sweep)).toEqual(['one:1', 'two:1', 'three:1']);
  return sweep.records;
}

it('says nothing while predictions come true', async () => {
  const records = await sweepAll();
  expect(records.filter(({ event }) => event === 'prediction.missed')).toEqual([]);
});

it('warns once, with how many and the one that was furthest off', async () => {
  holdOpen(20);
  holdOpen(12);
  const records = await sweepAll();
  const [warning, ...more] = records.filter(({ event }) => event === 'prediction.missed');
  expect(more).toEqual([]);
  expect(warning).toMatchObject({
    level: 'warn',
    missed: 2,
    deletions: 3,
    references: ['one:1'],
    exact: true,
  });
  expect(Number(warning?.['predictedBytes'])).toBeGreaterThan(20 * MiB);
  expect(Number(warning?.['freedBytes'])).toBeLessThan(MiB);
  expect(String(warning?.['msg'])).toMatch(/^2 of 3 deletions freed noticeably less or more than predicted/);
  const events = records.map(({ event }) => event);
  expect(events.indexOf('prediction.missed')).toBe(events.indexOf('sweep.completed') - 1);
});
