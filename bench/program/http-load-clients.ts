/**
 * Many clients of the daemon's server, in a process of their own; ends by a signal. Started by http-load.ts:
 * `node bench/program/http-load-clients.ts PORT pages|flood COUNT`. Writes a line of JSON once all are connected.
 *
 * `pages`: each does what the status page does, reads events, asks for the store when there is a new view and for the
 * activity after other events, with the page's pauses; and is a scrape of metrics every 15 s beside.
 * `flood`: each asks for one document after the other without a pause, and reads events.
 */
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const [portText = '', mode = '', countText = ''] = process.argv.slice(2);
const port = Number(portText);
const count = Number(countText);
const agent = new Agent({ keepAlive: true, maxSockets: 250 });
/** As src/surfaces/page/client/main.ts. */
const STORE_MS = 800;
const ACTIVITY_MS = 300;
const SCRAPE_MS = 15_000;
let answers = 0;
let failures = 0;

function ask(path: string, etags: Map<string, string>): Promise<void> {
  const known = etags.get(path);
  return new Promise((resolve) => {
    const request = get(
      {
        port,
        host: '127.0.0.1',
        path,
        agent,
        headers: { 'Accept-Encoding': 'gzip', ...(known !== undefined && { 'If-None-Match': known }) },
      },
      (response) => {
        const { etag } = response.headers;
        if (etag !== undefined) etags.set(path, etag);
        response.resume();
        response.once('close', () => {
          answers += 1;
          resolve();
        });
      },
    );
    request.once('error', (error: NodeJS.ErrnoException) => {
      // The server had closed an idle connection at that very moment: as a browser, ask again.
      if (request.reusedSocket && error.code === 'ECONNRESET') return resolve(ask(path, etags));
      failures += 1;
      resolve();
    });
  });
}

/** Events, as long as there are any; resolves after the first. */
function listen(onEvent: (event: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: '/api/events', agent: false }, (response: IncomingMessage) => {
      response.setEncoding('utf8').on('data', (text: string) => {
        resolve();
        for (const [, event = ''] of text.matchAll(/^data: \{"event":"([^"]+)"/gm)) onEvent(event);
      });
      response.once('error', () => (failures += 1));
    }).once('error', reject);
  });
}

/** One after another, and what is asked for meanwhile once more at the end: as the page. */
function inTurn(work: () => Promise<unknown>, pauseMs: number): () => void {
  let isRunning = false;
  let isWanted = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      await work();
      await delay(pauseMs);
    }
    isRunning = false;
  };
  return () => {
    isWanted = true;
    if (!isRunning) void run();
  };
}

async function page(): Promise<void> {
  const etags = new Map<string, string>();
  for (const path of ['/', '/page.css', '/page.js', '/icon.svg']) await ask(path, etags);
  const store = inTurn(
    () => Promise.all(['/api/status.json', '/api/layers.json'].map((path) => ask(path, etags))),
    STORE_MS,
  );
  const activity = inTurn(() => ask('/api/activity.json', etags), ACTIVITY_MS);
  await listen((event) => {
    if (event === 'hello' || event === 'view') store();
    if (event !== 'view' && event !== 'check.completed' && !event.endsWith('.deleted')) activity();
  });
}

async function scrape(): Promise<never> {
  const etags = new Map<string, string>();
  await delay(Math.random() * SCRAPE_MS);
  for (;;) {
    await ask('/metrics', etags);
    await delay(SCRAPE_MS);
  }
}

async function flood(nth: number): Promise<never> {
  const paths = [
    '/',
    '/page.js',
    '/api/status.json',
    '/api/plan.json',
    '/api/layers.json',
    '/api/activity.json',
    '/metrics',
  ];
  for (let at = nth; ; at += 1) await ask(paths[at % paths.length] ?? '/', new Map());
}

for (let nth = 0; nth < count; nth += 1) {
  if (mode === 'pages') {
    await page();
    void scrape();
  } else {
    await listen(() => undefined);
    void flood(nth);
  }
}
process.stdout.write(`${JSON.stringify({ connected: count })}\n`);
process.once('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify({ answers, failures })}\n`);
  process.exit(0);
});
