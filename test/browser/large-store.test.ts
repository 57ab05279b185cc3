/** A thousand images and ten thousand layers on the page: bounded in elements, still whole in bytes, still usable. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { largeView, serveView } from './large-store.ts';
import { accessibilityViolations, openPage, startBrowser } from '../../harness/program/browser.ts';

let browser: Browser;
let server: Awaited<ReturnType<typeof serveView>>;
const view = largeView(1_000, 10_000);

beforeAll(async () => {
  [browser, server] = await Promise.all([startBrowser(), serveView(view)]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

it('shows every byte in a bounded number of elements', async () => {
  const { page, complaints, close } = await openPage(browser, server.url, {
    viewport: { width: 1280, height: 900 },
  });
  await page.locator('.tile').first().waitFor();
  const tiles = await page.locator('.tile').evaluateAll((elements) =>
    elements.map((element) => {
      const { width, height } = element.getBoundingClientRect();
      return { area: width * height, bytes: Number((element as HTMLElement).dataset['bytes']) };
    }),
  );
  const all = [...view.snapshot.store.layers.values()].reduce((sum, layer) => sum + layer.bytes, 0);
  expect(view.snapshot.store.layers.size).toBeGreaterThanOrEqual(10_000);
  expect(tiles.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(all);
  const whole = await page.locator('#store-map').evaluate((map) => map.clientWidth * map.clientHeight);
  // Boxes are measured in 64ths of a pixel.
  for (const { area, bytes } of tiles) expect(Math.abs(area - (whole * bytes) / all)).toBeLessThan(25);
  expect(tiles.length).toBeGreaterThan(300);
  expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(8_000);
  expect(await page.locator('#images-body tbody tr').count()).toBeLessThanOrEqual(100);
  expect(complaints).toEqual([]);
  await close();
});

it('on a phone, too, where the smallest pieces are shown together', async () => {
  const { page, close } = await openPage(browser, server.url, { viewport: { width: 390, height: 844 } });
  await page.locator('.tile').first().waitFor();
  expect(await page.locator('.tile').count()).toBeLessThan(1_600);
  await page
    .getByRole('option', { name: /smaller pieces/ })
    .first()
    .waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  expect(await accessibilityViolations(page)).toEqual([]);
  await close();
});

it('a new look keeps the keyboard where it is', async () => {
  const { page, close } = await openPage(browser, server.url, { viewport: { width: 1280, height: 900 } });
  await page.locator('.tile').first().waitFor();
  await page.locator('.tile:has(small)').first().click();
  const asked = page.waitForResponse(/page\.json/);
  server.show(view);
  await asked;
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'option');
  expect(await page.locator('.tile.is-shown').count()).toBe(1);
  await close();
});
