/** A real Chromium, the distribution's, driven through playwright-core. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { commandPath, ensureCommands } from '../machine/packages.ts';

/** Starts a browser; close it when done. It ends with this process in any case. */
export async function startBrowser(): Promise<Browser> {
  await ensureCommands(['chromium']);
  return await chromium.launch({
    executablePath: commandPath('chromium'),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface OpenPage {
  readonly page: Page;
  /** What the page complained of: errors, warnings, violations of its policy. */
  readonly complaints: readonly string[];
  /** Addresses that it asked for. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

/** Opens a page in a context of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(url);
  return { page, complaints, asked, close: () => context.close() };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong for people who cannot see or point, one line each. */
export async function accessibilityViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return await page.evaluate(async () => {
    interface Axe {
      run: () => Promise<{
        violations: { id: string; help: string; nodes: { target: string[]; failureSummary?: string }[] }[];
      }>;
    }
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run();
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(
        ({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary ?? ''}`,
      ),
    );
  });
}
