/** The commands on a real terminal: tables, colours, the live view and a sweep's progress. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import {
  commitChild,
  createContainer,
  listTags,
  removeContainer,
  removeImage,
  runContainer,
  waitForContainer,
} from '../../../harness/engine/engine-api.ts';
import { startTerminal, type Terminal, type TerminalOptions } from '../../../harness/program/terminal.ts';
import { terminalPicture } from '../../../harness/program/terminal-picture.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { startWireProxy, type WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { binderName } from '../../unit/surfaces/terminal/binderhub.ts';
import { cleaner, imagesOnBase, load } from '../scenario.ts';

const escape = '\u001b';
const sizesMiB = { 'team/used': 20, 'team/big': 50, 'team/mid': 25, 'team/small': 12 };

let engine: DockerEngine;
let proxy: WireProxy;
const open: Terminal[] = [];

beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 256 } });
  proxy = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
  });
  await load(engine, imagesOnBase(sizesMiB));
  await createContainer(engine, 'team/used:1', { name: 'notebook' });
});

afterEach(async () => {
  for (const terminal of open.splice(0)) terminal.dispose();
  proxy.clear();
  await proxy.accept();
});

afterAll(async () => {
  await proxy.dispose();
  await engine.dispose();
});

async function terminal(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  options: Omit<TerminalOptions, 'env'> & { env?: Record<string, string> } = {},
): Promise<Terminal> {
  const fresh = { PATH_TO_CHECK: engine.dataRoot, MIN_AGE_SECONDS: '0' };
  const all = { ...fresh, THRESHOLD_HIGH: '60', THRESHOLD_LOW: '10', ...settings };
  const variables = Object.entries(all).map(([name, value]) => [`DOCKER_IMAGE_CLEANER_${name}`, value]);
  const env = Object.fromEntries(variables) as Record<string, string>;
  const started = await startTerminal(args, {
    ...options,
    env: { DOCKER_HOST: proxy.dockerHost, ...env, ...options.env },
  });
  open.push(started);
  return started;
}

/** The lines of a table, from the one that begins with its first heading to the next empty one. */
function tableOf(screen: string, heading: string): readonly string[] {
  const lines = screen.split('\n');
  const from = lines.findIndex((line) => line.startsWith(heading));
  const to = lines.findIndex((line, at) => at > from && line.trim() === '');
  return lines.slice(from, to === -1 ? undefined : to);
}

describe('status and plan', () => {
  it('are aligned, and in colours', async () => {
    const shown = await terminal(['plan'], {}, { columns: 120 });
    const screen = await shown.waitForScreen(/\[exit 0\]/);
    expect(shown.colouredScreen()).toContain(`${escape}[1m`);
    expect(shown.colouredScreen()).toMatch(new RegExp(`\\[${escape}\\[3[123]m`));
    const [head = '', ...rows] = tableOf(screen, 'DELETE');
    expect(rows.map((row) => row.split(' ')[0])).toEqual(['team/big:1', 'team/mid:1', 'team/small:1']);
    for (const row of rows) {
      expect(row.slice(head.indexOf('ID'), head.indexOf('ID') + 14)).toMatch(/^[0-9a-f]{12} {2}$/);
      expect(row.slice(0, head.indexOf('SIZE') + 4)).toMatch(/ MB$/);
    }
  });

  it('have no colours with NO_COLOR, and none in a pipe', async () => {
    const shown = await terminal(['status'], {}, { env: { NO_COLOR: '1' } });
    await shown.waitForScreen(/\[exit 0\]/);
    expect(shown.screen()).toContain('█');
    expect(shown.colouredScreen()).not.toContain(escape);
    const piped = cleaner(engine, ['status']);
    expect((await piped.exited).code).toBe(0);
    expect(piped.stdout).not.toContain(escape);
  });

  it('fit a narrow terminal with their gauges', async () => {
    const shown = await terminal(['status'], {}, { columns: 80 });
    const screen = await shown.waitForScreen(/\[exit 0\]/);
    const gauge = screen.split('\n').find((line) => line.startsWith('blocks')) ?? '';
    expect(gauge).toMatch(/^blocks {2}\[.{20}\] \d+\.\d%, .* available$/);
  });
});

describe('names of 120 characters', () => {
  const names = [101, 102, 103].map(binderName);

  beforeAll(async () => {
    await loadImages(engine, {
      layers: { own: { bytes: 1_500_000 } },
      images: [{ tags: names, layers: ['own'] }],
    });
  });

  afterAll(async () => {
    for (const name of names) await removeImage(engine, name);
  });

  it.each([80, 120, 200])('fit %i columns, with the size and the whole reason', async (columns) => {
    for (const command of ['plan', 'status']) {
      const shown = await terminal([command, '--all'], {}, { columns, rows: 100 });
      const screen = await shown.waitForScreen(/\[exit 0\]/);
      // A line that was too long would continue at the start of the next one.
      const rows = tableOf(screen, command === 'plan' ? 'DELETE' : 'IMAGE');
      const row = rows.find((line) => line.startsWith('us-')) ?? '';
      expect(row).toMatch(/^us-\S*:[0-9a-f]{7,40}…? .* 1\.5\d MB/);
      for (const line of rows.slice(1)) expect(line).toMatch(/^(\S+ .*MB|us-| {2}us-| {20})/);
      savePicture(`${command}-${columns}`, shown.colouredScreen(), columns);
    }
  });

  it('are whole in a pipe, where nothing is padded to them', async () => {
    const piped = cleaner(engine, ['plan'], { low: 10, high: 60 });
    expect((await piped.exited).code).toBe(0);
    expect(names).toContain(/^(us-\S+) \+2 /m.exec(piped.stdout)?.[1]);
    expect(/^team\/big:1.*$/m.exec(piped.stdout)?.[0].indexOf('unused')).toBeLessThan(80);
  });
});

describe('lists', () => {
  it('--top and --sort', async () => {
    const piped = cleaner(engine, ['status', '--sort', 'name', '--top', '2']);
    expect((await piped.exited).code).toBe(0);
    const rows = tableOf(piped.stdout, 'IMAGE').slice(1);
    expect(rows.map((row) => row.split(' ')[0])).toEqual(['team/big:1', 'team/mid:1', '…']);
    expect(rows.at(-1)).toMatch(/^… and \d+ more; --all lists them\.$/);
  });

  it('the kind, where containers may be deleted too, and on a healthy disk what would be deleted at HIGH', async () => {
    const job = await runContainer(engine, 'team/small:1', { command: ['/bin/sh', '-c', 'exit 0'] });
    await waitForContainer(engine, job);
    const settings = { CLEAN: 'images,stopped-containers', STOPPED_CONTAINER_AGE_SECONDS: '0' };
    const piped = cleaner(engine, ['plan'], { high: 99, low: 55, settings });
    expect((await piped.exited).code).toBe(0);
    expect(piped.stdout).toMatch(/^No sweep is due: .* At the high threshold \(99\.0%\) it would delete:$/m);
    const [head = '', ...rows] = tableOf(piped.stdout, 'DELETE');
    expect(head).toMatch(/^DELETE +KIND +ID +SIZE +WHY$/);
    expect(rows.map((row) => row.slice(head.indexOf('KIND')).split('  ')[0])).toContain('container');
    await removeContainer(engine, job);
  });

  it('fold the steps of classic builds', async () => {
    const step = await commitChild(engine, 'team/small:1');
    await commitChild(engine, step, { tag: 'team/built:1' });
    const folded = cleaner(engine, ['status']);
    expect((await folded.exited).code).toBe(0);
    expect(folded.stdout).toMatch(/^team\/built:1 /m);
    expect(folded.stdout).not.toContain('<none>');
    expect(folded.stdout).toContain('1 step of classic builds is not listed');
    const all = cleaner(engine, ['status', '--all']);
    expect((await all.exited).code).toBe(0);
    expect(all.stdout).toContain(`<none> ${step.slice(7, 19)}`);
    await removeImage(engine, 'team/built:1');
  });
});

describe('--watch', () => {
  it('follows what happens, and gives the terminal back at Ctrl-C', async () => {
    await load(engine, imagesOnBase({ 'team/gone': 1 }));
    const shown = await terminal(['status', '--watch']);
    await shown.waitForScreen(/team\/gone:1/);
    expect(shown.state()).toEqual({ isAlternate: true, hasCursor: false });
    await removeImage(engine, 'team/gone:1');
    const screen = await shown.waitForScreen(/^(?!.*team\/gone)[^]*team\/big:1/);
    expect(screen).toContain('q ends');
    shown.press('C-c');
    expect(await shown.waitForScreen(/\[exit 0\]/)).not.toContain('team/big');
    expect(shown.state()).toEqual({ isAlternate: false, hasCursor: true });
  });

  it('redraws for another size at once, says what is left out, and does not draw what is typed', async () => {
    const shown = await terminal(['plan', '--watch'], {}, { columns: 120 });
    await shown.waitForScreen(/team\/small:1/);
    shown.press('x');
    shown.resize(60, 8);
    const screen = await shown.waitForScreen(/lines 1–6 of \d+/);
    expect(screen).not.toMatch(/^x|x$/m);
    expect(Math.max(...screen.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
    shown.resize(120, 40);
    await shown.waitForScreen(/team\/small:1/);
    shown.press('q');
    await shown.waitForScreen(/\[exit 0\]/);
  });

  it('scrolls by keys, keeps SIZE and WHY, and keeps its position when redrawn', async () => {
    const shown = await terminal(['plan', '--watch'], {}, { columns: 80, rows: 10 });
    await shown.waitForScreen(/lines 1–8 of \d+/);
    shown.press('End');
    const end = await shown.waitForScreen(/lines \d+–(\d+) of \1 /);
    expect(end).toMatch(/^team\/used:1 +[\d.]+ MB {2}used by container notebook/m);
    shown.press('Up');
    const up = await shown.waitForScreen(/lines (?!1–)\d+–\d+ of/);
    const at = /lines (\d+)–/.exec(up)?.[1] ?? '';
    const drawnAt = /· (\S+)$/m.exec(up)?.[1] ?? '';
    // The next look: the clock in the head has gone on.
    const later = await shown.waitForScreen(new RegExp(`· (?!${drawnAt})[\\d:]+$[^]*lines ${at}–`, 'm'));
    expect(later).toContain('every 2 s');
    shown.press('Home');
    await shown.waitForScreen(/lines 1–8 of/);
    shown.press('PageDown');
    await shown.waitForScreen(/lines 8–15 of/);
    shown.press('q');
    await shown.waitForScreen(/\[exit 0\]/);
  });

  it('says that the engine is away and continues when it is back', async () => {
    const shown = await terminal(['status', '--watch']);
    await shown.waitForScreen(/team\/big:1/);
    await proxy.refuse('refused');
    expect(await shown.waitForScreen(/Trying again/)).not.toContain('team/big');
    await proxy.accept();
    await shown.waitForScreen(/team\/big:1/);
  });

  it('needs a terminal, and is not for JSON', async () => {
    const piped = cleaner(engine, ['plan', '--watch']);
    expect((await piped.exited).code).toBe(2);
    expect(piped.stderr).toContain('--watch needs a terminal');
    expect(piped.stdout).toBe('');
    const both = cleaner(engine, ['plan', '--watch', '--json']);
    expect((await both.exited).code).toBe(2);
    expect(both.stderr).toContain('cannot be used together');
  });
});

describe('run', () => {
  it("shows a sweep's progress below the log: what is left to free, less with each deletion, and nothing after it", async () => {
    const thresholds = {
      THRESHOLD_HIGH: '45',
      THRESHOLD_LOW: '15',
      DELAY_SECONDS: '0',
      MIN_AGE_SECONDS: '0',
    };
    const before = await terminal(['plan'], thresholds, { columns: 118 });
    await before.waitForScreen(/\[exit 0\]/);
    const deletion = ({ method }: { method: string }): boolean => method === 'DELETE';
    const first = proxy.addRule({ match: deletion, times: 1, stall: 'before' });
    const shown = await terminal(['run', '--once'], thresholds, { columns: 118 });
    await waitFor('the first deletion', () => first.hits === 1);
    const toGo = async (deleted: number): Promise<number> => {
      const seen = await shown.waitForScreen(new RegExp(`MB to go, .* ${deleted} deleted`));
      return Number(/([\d.]+) MB to go/.exec(seen)?.[1]);
    };
    const atFirst = await toGo(0);
    const second = proxy.addRule({ match: deletion, times: 1, stall: 'before' });
    first.release();
    expect(await toGo(1)).toBeLessThan(atFirst - 40);
    savePictures(before.colouredScreen(), shown.colouredScreen());
    second.release();
    const end = await shown.waitForScreen(/\[exit \d\]/);
    expect(end).not.toContain('to go');
    expect(end).toMatch(/INFO +deleted team\/big:1: freed/);
    expect(await listTags(engine)).not.toContain('team/big:1');
  });
});

/** As a user would see it, with the usual places. */
function hidden(screen: string): string {
  return screen
    .replaceAll(engine.dataRoot, '/var/lib/docker')
    .replaceAll(proxy.dockerHost, 'unix:///var/run/docker.sock')
    .replace(/\n\[exit 0\]\s*$/, '\n');
}

/** To look at after a run. */
function savePicture(name: string, screen: string, columns: number): void {
  mkdirSync(`${repositoryRoot}test-artifacts`, { recursive: true });
  writeFileSync(
    `${repositoryRoot}test-artifacts/terminal-${name}.svg`,
    terminalPicture(hidden(screen), columns, name),
  );
}

/** UPDATE_PICTURES=1 replaces the README's picture. */
function savePictures(plan: string, progress: string): void {
  const picture = terminalPicture(
    `$ docker-image-cleaner plan\n${hidden(plan)}\n$ docker-image-cleaner run --once\n${hidden(progress)}`,
    118,
    'docker-image-cleaner plan, and run with a sweep in progress, on a terminal',
  );
  mkdirSync(`${repositoryRoot}test-artifacts`, { recursive: true });
  writeFileSync(`${repositoryRoot}test-artifacts/terminal.svg`, picture);
  if (process.env['UPDATE_PICTURES'] === '1')
    writeFileSync(`${repositoryRoot}docs/images/terminal.svg`, picture);
}
