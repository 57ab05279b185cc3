/**
 * The status page with 1,000 images on 10,000 layers, and what serving costs the idle daemon:
 * `npm run build && node_modules/.bin/node bench/program/status-page.ts`, as root.
 */
import { readFileSync } from 'node:fs';
import { largeView, serveView } from '../../test/browser/large-store.ts';
import { openPage, startBrowser } from '../../harness/program/browser.ts';
import { repositoryRoot, runCli } from '../../harness/program/cli.ts';
import { startDockerEngine } from '../../harness/engine/docker-engine.ts';

function row(what: string, figure: string): void {
  process.stdout.write(`| ${what} | ${figure} |\n`);
}

async function page(): Promise<void> {
  const view = largeView(1_000, 10_000);
  const server = await serveView(view);
  const browser = await startBrowser();
  try {
    for (const path of ['status', 'plan', 'layers']) {
      const begun = performance.now();
      const text = await (await fetch(`${server.url}api/${path}.json`)).text();
      const first = performance.now() - begun;
      const again = performance.now();
      await (await fetch(`${server.url}api/${path}.json`)).text();
      row(
        `/api/${path}.json of a new view; the same again`,
        `${first.toFixed(0)} ms; ${(performance.now() - again).toFixed(0)} ms; ${Math.round(text.length / 1000)} kB`,
      );
    }
    const { page: opened, close } = await openPage(browser, 'about:blank', {
      viewport: { width: 1280, height: 900 },
    });
    await opened.addInitScript({
      content: `globalThis.longTasks = [];
        new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries().map((e) => e.duration)))
          .observe({ type: 'longtask', buffered: true });`,
    });
    const longTasks = async (): Promise<string> => {
      const tasks = await opened.evaluate<number[]>('globalThis.longTasks.splice(0)');
      return tasks.length === 0 ? 'none' : `${tasks.length}, the longest ${Math.max(...tasks).toFixed(0)} ms`;
    };
    const begun = performance.now();
    await opened.goto(server.url);
    await opened.locator('.tile').first().waitFor();
    row('page from the request to the map', `${(performance.now() - begun).toFixed(0)} ms`);
    row('tasks over 50 ms while it loads', await longTasks());
    const asked = opened.waitForResponse(/layers\.json/);
    server.show(view);
    await asked;
    await opened.waitForTimeout(1_000);
    row('tasks over 50 ms for a new view', await longTasks());
    row('elements', String(await opened.evaluate('document.querySelectorAll("*").length')));
    await close();
  } finally {
    await browser.close();
    await server.close();
  }
}

async function memory(): Promise<void> {
  const engine = await startDockerEngine();
  try {
    for (const [what, extra] of [
      ['without HTTP', {}],
      ['with HTTP', { DOCKER_IMAGE_CLEANER_HTTP_ADDRESS: '127.0.0.1:0' }],
    ] as const) {
      const cli = runCli(['run'], {
        script: `${repositoryRoot}dist/program.cjs`,
        env: {
          DOCKER_HOST: engine.dockerHost,
          DOCKER_IMAGE_CLEANER_PATH_TO_CHECK: engine.dataRoot,
          DOCKER_IMAGE_CLEANER_INTERVAL_SECONDS: '1',
          DOCKER_IMAGE_CLEANER_LOG_LEVEL: 'debug',
          DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH: '99',
          ...extra,
        },
      });
      await cli.waitForEvent(
        () => cli.records.filter(({ event }) => event === 'check.completed').length >= 20,
      );
      const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${cli.pid}/status`, 'utf8'))?.[1];
      row(`idle daemon ${what}, after 20 checks`, `${(Number(kib) / 1024).toFixed(1)} MiB`);
      await cli.dispose();
    }
  } finally {
    await engine.dispose();
  }
}

await page();
await memory();
