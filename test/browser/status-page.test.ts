/** The status page in a real browser, against the real daemon on a real engine. Keeps screenshots in test-artifacts/. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cleaner, load } from '../engine/scenario.ts';
import {
  accessibilityViolations,
  openPage,
  type OpenPage,
  startBrowser,
} from '../../harness/program/browser.ts';
import { type Cli, repositoryRoot } from '../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { createContainer, listTags, startContainer } from '../../harness/engine/engine-api.ts';
import { send } from '../../harness/wire/http.ts';
import { waitFor } from '../../harness/machine/wait.ts';
import { startWireProxy, type WireProxy } from '../../harness/wire/wire-proxy.ts';
import { inUse, notebookStore, protectedName } from './store.ts';

let engine: DockerEngine;
let proxy: WireProxy;
let browser: Browser;
let daemon: Cli;
let url: string;
const open: OpenPage[] = [];

beforeAll(async () => {
  [engine, browser] = await Promise.all([startDockerEngine({ disk: { sizeMiB: 420 } }), startBrowser()]);
  proxy = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
  });
  await load(engine, notebookStore());
  for (const [place, name] of inUse.entries()) {
    const id = await createContainer(engine, name, { name: ['hub', 'proxy', 'jupyter-ada'][place] ?? name });
    if (place > 0) await startContainer(engine, id);
  }
  ({ daemon, url } = await startDaemon());
});

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

afterAll(async () => {
  await browser.close();
  await daemon.dispose();
  await proxy.dispose();
  await engine.dispose();
});

async function startDaemon(): Promise<{ daemon: Cli; url: string }> {
  const started = cleaner(engine, ['run'], {
    high: 80,
    low: 70,
    dockerHost: proxy.dockerHost,
    settings: { HTTP_ADDRESS: '127.0.0.1:0', INTERVAL_SECONDS: '1', TIMEOUT_SECONDS: '120', POLICY: 'lru' },
  });
  const { url: where } = await started.waitForEvent('http.listening');
  // Until the first check has been shown to it, the server answers 503, which shows in the browser's console.
  await waitFor(
    'the first view',
    async () => (await fetch(new URL('/api/layers.json', String(where)))).status === 200,
  );
  return { daemon: started, url: String(where) };
}

async function show(options: Parameters<typeof openPage>[2] = {}): Promise<OpenPage> {
  const opened = await openPage(browser, url, { viewport: { width: 1280, height: 900 }, ...options });
  open.push(opened);
  await opened.page.locator('.tile').first().waitFor();
  await opened.page.locator('#usage-chart canvas').waitFor();
  return opened;
}

async function json<T>(path: string): Promise<T> {
  return (
    await send({ port: Number(new URL(url).port) }, 'GET', path, { headers: { Host: 'localhost' } })
  ).json();
}

/** Keeps a picture of the whole page, for review. The README's are made in scene.test.ts. */
async function keep(page: Page, name: string): Promise<void> {
  mkdirSync(`${repositoryRoot}test-artifacts`, { recursive: true });
  writeFileSync(`${repositoryRoot}test-artifacts/${name}.png`, await page.screenshot({ fullPage: true }));
}

interface Layers {
  bytes: number;
  segments: { bytes: number; layers: number; victim: number | null; state: string }[];
}

describe('the page', () => {
  it('is complete, loads nothing from elsewhere, and reports no error', async () => {
    const { page, complaints, asked } = await show();
    for (const text of [
      'Disk now',
      'Usage over time',
      'Image store',
      'Images',
      'Last sweeps',
      'What fills the disk',
    ])
      await page.getByRole('heading', { name: text }).waitFor();
    await page.getByText('images in use').waitFor();
    expect(new Set(asked.map((address) => new URL(address).origin))).toEqual(new Set([new URL(url).origin]));
    expect(complaints).toEqual([]);
  });

  it('has a policy that lets nothing in but its own files, without exceptions', async () => {
    const response = await fetch(url);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toMatch(/unsafe|\*|data:|http/);
    const html = await response.text();
    // A link may lead elsewhere; nothing is loaded from there.
    expect(html.replace(/<a\s[^>]*>/g, '')).not.toMatch(/<script>|<style>|style="|onclick|https?:/);
  });

  it('the treemap’s areas are the store’s bytes', async () => {
    const { page } = await show();
    const layers = await json<Layers>('/api/layers.json');
    const tiles = await page.locator('.tile').evaluateAll((elements) =>
      elements.map((element) => {
        const { width, height } = element.getBoundingClientRect();
        return { area: width * height, bytes: Number((element as HTMLElement).dataset['bytes']) };
      }),
    );
    const whole = await page.locator('#store-map').evaluate((map) => map.clientWidth * map.clientHeight);
    expect(tiles.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(layers.bytes);
    expect(tiles).toHaveLength(layers.segments.filter(({ bytes }) => bytes > 0).length);
    for (const { area, bytes } of tiles) expect(area / whole).toBeCloseTo(bytes / layers.bytes, 3);
    // The layers' bytes are what the account of the disk says of images: nothing twice, nothing missing.
    const { space } = await json<{ space: { parts: Record<string, { bytes: number }> } }>('/api/status.json');
    const images = (space.parts['imagesInUse']?.bytes ?? 0) + (space.parts['imagesUnused']?.bytes ?? 0);
    // A layer takes its entry in the engine's database along, which the account calls the engine's.
    const entries = layers.segments.reduce((sum, segment) => sum + segment.layers, 0) * 16 * 1024;
    expect(layers.bytes).toBeGreaterThanOrEqual(images);
    expect(layers.bytes).toBeLessThanOrEqual(images + entries);
  });

  it('distinguishes states by more than colour', async () => {
    const { page } = await show();
    const patterns = new Set<string>();
    for (const look of ['in-use', 'protected', 'unused']) {
      const tile = page.locator(`.tile[data-look="${look}"]`).first();
      patterns.add(await tile.evaluate((element) => getComputedStyle(element).backgroundImage));
    }
    expect(patterns.size).toBe(3);
    await page.getByRole('option', { name: /statistics:w41.*in use/ }).waitFor();
    await page.getByRole('option', { name: new RegExp(`${protectedName}.*protected`) }).waitFor();
  });

  it('can be used with the keyboard alone', async () => {
    const { page } = await show();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the disk');
    for (let presses = 0; presses < 12; presses++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(() => document.activeElement?.getAttribute('role'))) === 'option') break;
    }
    const name = () =>
      page.evaluate(() => document.activeElement?.querySelector('.unseen')?.textContent ?? '');
    const first = await name();
    expect(first).not.toBe('');
    await page.keyboard.press('ArrowRight');
    const second = await name();
    expect(second).not.toBe(first);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('End');
    expect(await page.locator('.tile.is-shown').count()).toBe(1);
    expect(await page.locator('#store-detail h3').textContent()).not.toBe('');
    // One stop for the whole map, then the next control.
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('image-search');
  });

  it.each([
    ['light', 'light', 1280, 900],
    ['dark', 'dark', 1280, 900],
    ['phone', 'light', 390, 844],
    ['phone-dark', 'dark', 390, 844],
    ['small-phone', 'light', 320, 640],
  ] as const)(
    '%s: nothing hidden from anybody, nothing beyond the edge',
    async (name, colorScheme, width, height) => {
      const { page, complaints } = await show({ colorScheme, viewport: { width, height } });
      expect(await accessibilityViolations(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const [red = 0] = /\d+/.exec(background)?.map(Number) ?? [];
      expect(red < 128).toBe(colorScheme === 'dark');
      await keep(page, `page-before-${name}`);
      expect(complaints).toEqual([]);
    },
  );
});

describe('live', () => {
  it('a sweep moves on the page while it happens, and then is in its history', async () => {
    const { page, complaints } = await show();
    const tilesBefore = await page.locator('.tile').count();
    expect(await page.locator('.s-victim').count()).toBe(0);
    // The second deletion waits until everything has been seen.
    let deletions = 0;
    const stalled = proxy.addRule({
      match: ({ method }) => method === 'DELETE' && ++deletions === 2,
      stall: 'before',
    });
    const { total, available } = (
      await json<{ usage: { bytes: { total: number; available: number } } }>('/api/status.json')
    ).usage.bytes;
    await engine.disk.occupy('ballast', Math.round(available - 0.17 * total));
    await page.getByRole('heading', { name: 'Sweep in progress' }).waitFor();
    await page.locator('.steps li').first().waitFor();
    await waitFor(
      'the bytes to go',
      async () => Number(await page.locator('#sweep [role=progressbar]').getAttribute('aria-valuenow')) > 0,
    );
    await waitFor(
      'the tiles of what has gone to go',
      async () => (await page.locator('.tile').count()) < tilesBefore,
    );
    expect(await page.locator('#state').textContent()).toContain('sweeping');
    await page.locator('.tile.s-victim').first().waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await keep(page, 'page-sweep');
    stalled.release();
    await daemon.waitForEvent('sweep.completed');
    await page.locator('#sweep').waitFor({ state: 'hidden' });
    await page.locator('#sweeps-body tbody tr').first().waitFor();
    const row = await page.locator('#sweeps-body tbody tr').first().textContent();
    expect(row).toMatch(/\d+ images?/);
    const left = await listTags(engine);
    await waitFor('the store after it', async () => {
      const { images } = await json<{ images: { tags: string[] }[] }>('/api/status.json');
      return (
        images
          .flatMap(({ tags }) => tags)
          .sort()
          .join() === [...left].sort().join()
      );
    });
    for (const name of inUse) expect(left).toContain(name);
    expect(left).toContain(protectedName);
    expect(complaints).toEqual([]);
  });

  it.each([
    ['light', 'light', 1280, 900],
    ['dark', 'dark', 1280, 900],
    ['phone', 'dark', 390, 844],
  ] as const)('after a sweep, %s', async (name, colorScheme, width, height) => {
    const { page, complaints } = await show({ colorScheme, viewport: { width, height } });
    await page.locator('#sweeps-body tbody tr').first().waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    await keep(page, `page-${name}`);
    expect(complaints).toEqual([]);
  });

  it('says so when the engine is away, and when it is back', async () => {
    const { page } = await show();
    await proxy.refuse('gone');
    await page.getByRole('alert').filter({ hasText: 'proxy.sock' }).waitFor();
    expect(await page.locator('#state').textContent()).toBe('needs attention');
    expect(await accessibilityViolations(page)).toEqual([]);
    await keep(page, 'page-engine-away');
    await proxy.accept();
    await page.locator('#banner').waitFor({ state: 'hidden' });
    await waitFor('the state', async () => (await page.locator('#state').textContent()) === 'watching');
  });

  it('says so when the daemon is gone, and keeps what it knew', async () => {
    const { page } = await show();
    await daemon.dispose();
    await page.getByRole('alert').filter({ hasText: 'No answer from the cleaner' }).waitFor();
    expect(await page.locator('#state').textContent()).toBe('no connection');
    expect(await page.locator('.tile').count()).toBeGreaterThan(0);
    await keep(page, 'page-daemon-gone');
  });
});
