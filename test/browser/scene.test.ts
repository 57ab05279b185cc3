/**
 * The page with a realistic disk, before, during and after a sweep: calm while it is calm, one truth at each moment, every
 * image reachable. Keeps screenshots in test-artifacts/ to be looked at; `SCREENSHOTS=docs` makes the README's.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { accessibilityViolations, openPage, startBrowser } from '../../harness/program/browser.ts';
import { repositoryRoot } from '../../harness/program/cli.ts';
import { type ServedScene, serveScene } from './serve-scene.ts';

const isForDocs = process.env['SCREENSHOTS'] === 'docs';
const sizes = { desktop: [1280, 900], tablet: [820, 1180], phone: [390, 844] } as const;
const schemes = ['light', 'dark'] as const;

// Six pictures of a thousand images, each looked through by axe.
vi.setConfig({ testTimeout: 600_000 });

let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
});

async function show(
  url: string,
  size: keyof typeof sizes = 'desktop',
  colorScheme: (typeof schemes)[number] = 'light',
) {
  const [width, height] = sizes[size];
  const opened = await openPage(browser, url, { colorScheme, viewport: { width, height } });
  await opened.page.locator('.tile').first().waitFor();
  await opened.page.locator('#usage-chart canvas').waitFor();
  return opened;
}

/** @param until for the README as well, from the top to the end of this. */
async function keep(page: Page, name: string, until?: Locator): Promise<void> {
  const save = (folder: string, picture: Buffer): void => {
    mkdirSync(`${repositoryRoot}${folder}`, { recursive: true });
    writeFileSync(`${repositoryRoot}${folder}/${name}.png`, picture);
  };
  save('test-artifacts', await page.screenshot({ fullPage: true }));
  const end = await until?.boundingBox();
  if (!end || !isForDocs) return;
  const clip = { x: 0, y: 0, width: page.viewportSize()?.width ?? 0, height: end.y + end.height + 12 };
  save('docs/images', await page.screenshot({ fullPage: true, clip }));
}

/** Pictures of every size in both schemes; nothing hidden from anybody, nothing beyond the edge. */
async function look(url: string, name: string): Promise<void> {
  for (const size of Object.keys(sizes) as (keyof typeof sizes)[]) {
    for (const scheme of schemes) {
      const { page, complaints, close } = await show(url, size, scheme);
      expect(await accessibilityViolations(page), `${name} ${size} ${scheme}`).toEqual([]);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width, `${name} ${size}`).toBeLessThanOrEqual(sizes[size][0]);
      const list = await page.locator('.scroll').evaluate((it) => it.scrollWidth - it.clientWidth);
      expect(list, `${name} ${size}: what the list hides at its side`).toBe(0);
      await keep(page, `scene-${name}-${size}-${scheme}`);
      expect(complaints).toEqual([]);
      await close();
    }
  }
}

describe.each([20, 1_200])('%i images', (count) => {
  let served: ServedScene;

  beforeAll(async () => {
    served = await serveScene(count);
    served.surface.observed(served.scene.before);
  });

  afterAll(async () => {
    await served.close();
  });

  it('calm while nothing is due: nothing striped, no numbers, and the host in title and head', async () => {
    const { page, close } = await show(served.url);
    expect(await page.locator('.s-victim, .nth, .is-next').count()).toBe(0);
    expect(await page.locator('#host').textContent()).toBe('worker-3');
    expect(await page.title()).toMatch(/^worker-3 72\.2% · docker-image-cleaner$/);
    const links = page.locator('footer a');
    const hrefs = await links.evaluateAll((all) => all.map((each) => each.getAttribute('href')));
    expect(hrefs).toContain('metrics');
    expect(hrefs.some((href) => href?.includes('/docs'))).toBe(true);
    await close();
    await look(served.url, `${count}-before`);
  });

  it('labels are whole: none is cut, none broken', async () => {
    const { page, close } = await show(served.url);
    const cut = await page.locator('.tile b, .tile small').evaluateAll((labels) =>
      labels.flatMap((label) => {
        const tile = label.parentElement?.getBoundingClientRect();
        const range = document.createRange();
        range.selectNodeContents(label);
        const box = range.getBoundingClientRect();
        return tile !== undefined && box.right <= tile.right && box.bottom <= tile.bottom + 1
          ? []
          : [label.textContent];
      }),
    );
    expect(cut).toEqual([]);
    // Of a thousand images none has the room for its name.
    if (count < 100) expect(await page.locator('.tile b').count()).toBeGreaterThan(5);
    await close();
  });

  it('every row of the list is reachable; search, filter and sort find what they should', async () => {
    const { page, close } = await show(served.url);
    const rows = page.locator('#images-body tbody tr');
    expect(await rows.count()).toBe(Math.min(count, 100));
    const more = page.locator('.more');
    // Rows are also added when the button scrolls into view, which moves it away from the pointer.
    while (await more.isVisible()) await more.dispatchEvent('click');
    expect(await rows.count()).toBe(count);
    await page.getByRole('searchbox').fill('vllm v0.14');
    expect(await rows.count()).toBe(1);
    expect(await rows.first().textContent()).toContain('vllm/vllm-openai:v0.14.1');
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', { name: /^Protected/ }).click();
    expect(await rows.allTextContents()).toEqual([expect.stringContaining('postgres-with-extensions')]);
    await page.getByRole('button', { name: /^Next in line/ }).click();
    expect(await rows.first().locator('td').first().textContent()).toBe('1');
    await page.getByRole('button', { name: /^All \d/ }).click();
    await page.locator('#image-sort').selectOption('name');
    expect(await rows.first().textContent()).toContain('acme/postgres-with-extensions');
    // By keyboard: the name leads to the tile, which is described in view.
    await rows.first().getByRole('button').press('Enter');
    const focused = await page.evaluate(() => document.activeElement?.getAttribute('role'));
    expect(focused).toBe('option');
    // The page scrolls there smoothly.
    await page.waitForFunction(() => {
      const box = document.querySelector('#store-detail')?.getBoundingClientRect();
      return box !== undefined && box.top >= 0 && box.bottom <= window.innerHeight + 1;
    });
    expect(await page.locator('#store-detail h3').textContent()).toContain('postgres-with-extensions');
    await close();
  });

  it('during a sweep everything shows the same moment, and what is deleted next is plain', async () => {
    const { surface, scene } = served;
    surface.observed(scene.full);
    surface.report(scene.started);
    const half = Math.max(1, Math.floor(scene.deletions.length / 3));
    for (const event of scene.deletions.slice(0, half)) surface.report(event);
    const page = await showSweep(half);
    const gone = scene.plan.victims.slice(0, half).map(({ references: [name = ''] }) => name);
    expect(await page.locator('#usage-summary').textContent()).toMatch(/; a sweep is under way\.$/);
    const text = await page.locator('#images-body').textContent();
    for (const name of gone) expect(text).not.toContain(name);
    const first = page.locator('#images-body tbody tr').first();
    expect(await first.locator('.name').textContent()).toBe(scene.plan.victims[half]?.references[0]);
    expect(await first.getAttribute('class')).toBe('is-next');
    expect(await page.locator('.s-victim.tile').count()).toBeGreaterThan(0);
    const numbers = (await page.locator('.nth').allTextContents()).map(Number).sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(numbers.length).toBeLessThanOrEqual(9);
    // Of 20 images the first ones are large enough; of 1,200 none may be.
    if (count === 20) expect(numbers.length).toBeGreaterThan(0);
    // The head, the account and the store are one look: what is available now is what was, and what is freed.
    const document_ = (await (await fetch(`${served.url}api/page.json`)).json()) as {
      sample: { blocks: number };
      activity: { sweep: { deleted: number; freedBytes: number } };
      status: {
        usage: { bytes: { percentUsed: number; available: number } };
        images: unknown[];
        space: { parts: Record<string, { bytes: number }>; total: { bytes: number } };
      };
    };
    const { sample, activity, status } = document_;
    expect(activity.sweep.deleted).toBe(half);
    expect(status.images).toHaveLength(count - half);
    expect(status.usage.bytes.percentUsed).toBeCloseTo(sample.blocks, 6);
    expect(status.usage.bytes.available - scene.full.snapshot.usage.bytes.available).toBe(
      activity.sweep.freedBytes,
    );
    const { parts, total } = status.space;
    expect(parts['available']?.bytes).toBe(status.usage.bytes.available);
    expect(Object.values(parts).reduce((sum, { bytes }) => sum + bytes, 0)).toBeCloseTo(total.bytes, -3);
    await page.context().close();
    await look(served.url, `${count}-during`);
  });

  it('after the sweep it is calm again, and the sweep is in the list', async () => {
    const { surface, scene } = served;
    const half = Math.max(1, Math.floor(scene.deletions.length / 3));
    for (const event of scene.deletions.slice(half)) surface.report(event);
    surface.report(scene.completed);
    surface.observed(scene.after);
    const { page, close } = await show(served.url);
    expect(await page.locator('#sweep').isHidden()).toBe(true);
    expect(await page.locator('.s-victim, .nth').count()).toBe(0);
    expect(await page.locator('#sweeps-body tbody tr').first().textContent()).toContain(
      `${scene.deletions.length} images`,
    );
    await close();
    await look(served.url, `${count}-after`);
  });

  /** Waits until the page shows this number of deletions. */
  async function showSweep(deleted: number): Promise<Page> {
    const { page } = await show(served.url);
    await page.getByRole('heading', { name: 'Sweep in progress' }).waitFor();
    await page
      .locator('#sweep-body')
      .filter({ hasText: `${deleted} deletion` })
      .waitFor();
    return page;
  }
});

it('the pictures of the README', async () => {
  const served = await serveScene(32, 'full');
  const { surface, scene } = served;
  surface.observed(scene.full);
  surface.report(scene.started);
  for (const event of scene.deletions.slice(0, 4)) surface.report(event);
  for (const [name, size, scheme, until] of [
    ['page-light', 'desktop', 'light', '.is-next'],
    ['page-phone', 'phone', 'dark', '.card:has(#usage-chart)'],
  ] as const) {
    const { page, complaints, close } = await show(served.url, size, scheme);
    await page.locator('#sweep-body').filter({ hasText: '4 deletions' }).waitFor();
    await keep(page, name, page.locator(until).last());
    expect(await page.getByText(/\d{3,} d\b/).count()).toBe(0);
    expect(complaints).toEqual([]);
    await close();
  }
  await served.close();
});

it('colours of states can be distinguished, in light and in dark', async () => {
  const served = await serveScene(20);
  served.surface.observed(served.scene.before);
  for (const scheme of schemes) {
    const { page, close } = await show(served.url, 'desktop', scheme);
    const colours = await page.evaluate(() => {
      const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
      const style = getComputedStyle(document.body);
      return ['in-use', 'protected', 'held', 'unused', 'victim', 'leftover'].map((name) => {
        if (canvas === null) throw new Error('no canvas');
        document.body.style.color = `var(--${name})`;
        canvas.fillStyle = style.color;
        canvas.fillRect(0, 0, 1, 1);
        return { name, rgb: [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3) };
      });
    });
    for (const [at, one] of colours.entries())
      for (const other of colours.slice(at + 1))
        expect(difference(one.rgb, other.rgb), `${scheme}: ${one.name}, ${other.name}`).toBeGreaterThan(9);
    await close();
  }
  await served.close();
});

/** The CIE76 difference; about 2.3 is just noticeable. */
function difference(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [lab(one), lab(other)];
  return Math.hypot(...a.map((value, at) => value - (b[at] ?? 0)));
}

function lab(rgb: readonly number[]): readonly number[] {
  const [r = 0, g = 0, b = 0] = rgb.map((value) => {
    const share = value / 255;
    return share > 0.04045 ? ((share + 0.055) / 1.055) ** 2.4 : share / 12.92;
  });
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
