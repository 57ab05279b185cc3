/**
 * `npm test`: everything that this machine's distribution has the engines for, in parts that run side by side.
 * `npm test -- all`: also the engines that it leaves out, other versions in root folders of their own.
 * `npm run test:engines`: the conformance suite on every engine; `others`: on those that `npm test` leaves out.
 * With the path of an engine's binary (own-engines.ts) the suite and the engine tests run on that one.
 * The tests start the built program: what people run, and a third of the CPU time that its sources take to load. A test that is
 * run alone (`vitest run`) starts the sources.
 * Installs what the tests need. Ends with one line, `N passed, N failed`. Nothing is left out silently: a test that was
 * skipped counts as failed, and so does a file that could not be loaded.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { clearAbandoned } from '../harness/machine/workspace.ts';
import { engineCommands, ensureCommands, requireRoot } from '../harness/machine/packages.ts';
import { type Ownable } from '../harness/machine/own-binaries.ts';
import { programVariable } from '../harness/program/cli.ts';
import { ownEngines, OwnEnginesError, testsThatStart } from './own-engines.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/**
 * This many parts run side by side, the next one as soon as one is done: most tests wait for an engine or a cluster, so three
 * take little more of two cores than one. Each has its own engines, disks and folders.
 */
const SIDE_BY_SIDE = 3;

/** A project, or one of `of` shares of its files. */
interface Part {
  readonly project: string;
  readonly share?: number;
  readonly of?: number;
  /** The only files that run; left out: all. */
  readonly files?: readonly string[];
}

function shares(project: string, of: number): readonly Part[] {
  return Array.from({ length: of }, (_, index) => ({ project, share: index + 1, of }));
}

/** The longest first, so that no long one is left for the end. */
const everything: readonly Part[] = [
  ...shares('cluster', 3),
  ...shares('engine', 6),
  { project: 'conformance' },
  { project: 'packages' },
  { project: 'system' },
  { project: 'browser' },
  { project: 'unit' },
  { project: 'fuzz' },
];
const partsOf: Readonly<Record<string, readonly Part[]>> = {
  everything,
  // What .ci/run asks for.
  all: [...shares('engines', 2), ...everything],
  engines: [{ project: 'conformance' }, { project: 'engines' }],
  others: [{ project: 'engines' }],
};

/** The suite on binaries that somebody has, and the tests that start such an engine. */
function partsOfOwn(names: readonly Ownable[]): readonly Part[] {
  return [{ project: 'own' }, { project: 'engine', files: testsThatStart(names, `${root}test/engine`) }];
}

/** What we read of the file that vitest's JSON reporter writes. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

interface Outcome {
  readonly project: string;
  readonly passed: number;
  readonly failures: readonly string[];
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function failuresOf(report: Report): string[] {
  return report.testResults.flatMap((file) => {
    const name = file.name.replace(root, '');
    const bad = file.assertionResults.filter((test) => test.status !== 'passed');
    if (bad.length === 0 && file.status === 'failed')
      return [`${name}: ${file.message.split('\n')[0] ?? 'failed'}`];
    return bad.map(
      (test) => `${name}: ${test.fullName}${test.status === 'failed' ? '' : ` (${test.status}: not run)`}`,
    );
  });
}

function outcomeOf(project: string, status: number | string, reportPath: string): Outcome {
  if (!existsSync(reportPath)) {
    return { project, passed: 0, failures: status === 0 ? [] : [`vitest ended with ${status}`] };
  }
  const report = JSON.parse(readFileSync(reportPath, 'utf8')) as Report;
  const failures = failuresOf(report);
  // An error outside of any test, for example in a callback that nobody awaits.
  if (status !== 0 && failures.length === 0)
    failures.push(`vitest ended with ${status}: see its output above`);
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  return { project, passed: tests.filter((test) => test.status === 'passed').length, failures };
}

/** The signal that told us to end. We stay for vitest's end, to clear up after it. */
let stopped: NodeJS.Signals | undefined;

/** Vitest's exit status, or the signal that ended it. */
async function runVitest(
  { project, share, of, files = [] }: Part,
  reportPath: string,
): Promise<number | string> {
  const child = spawn(
    process.execPath,
    [
      `${root}node_modules/vitest/vitest.mjs`,
      'run',
      '--passWithNoTests',
      ...['--project', project],
      ...files,
      ...(share === undefined ? [] : [`--shard=${share}/${of}`]),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportPath}`,
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const forward = (signal: NodeJS.Signals): void => {
    stopped = signal;
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, forward);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        resolve(code ?? signal ?? 'nothing');
      });
    });
  } finally {
    for (const signal of signals) process.off(signal, forward);
    clearAbandoned();
  }
}

function finish(outcomes: readonly Outcome[]): void {
  const failures = outcomes.flatMap((outcome) => outcome.failures);
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  say('');
  for (const project of new Set(outcomes.map((outcome) => outcome.project))) {
    const own = outcomes.filter((outcome) => outcome.project === project);
    const failed = own.reduce((sum, outcome) => sum + outcome.failures.length, 0);
    say(
      `${project.padEnd(11)} ${own.reduce((sum, outcome) => sum + outcome.passed, 0)} passed, ${failed} failed`,
    );
  }
  for (const failure of failures) say(`  failed: ${failure}`);
  say(`${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

/** Installs what the tests need; gives what is wrong when that is not possible. @param isOwn only what engine tests need */
async function prepare(isOwn: boolean): Promise<string | undefined> {
  try {
    requireRoot('npm test');
    await ensureCommands([...engineCommands, 'mkfs.xfs', 'mkfs.btrfs', 'docker-registry', 'openssl']);
    if (!isOwn) await ensureCommands(['chromium', 'protoc']);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Builds the program and copies it, because the tests of packages build their own; returns what starts it. */
function build(folder: string): string {
  execFileSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  cpSync(`${root}dist`, folder, { recursive: true });
  return `${folder}/docker-image-cleaner.cjs`;
}

async function main(which = 'everything', args: readonly string[] = []): Promise<void> {
  let own: Readonly<Partial<Record<Ownable, string>>> = {};
  try {
    if (which === 'engines') own = ownEngines(args, process.env);
  } catch (error) {
    if (!(error instanceof OwnEnginesError)) throw error;
    say(`error: ${error.message}`);
    process.exitCode = 2;
    return;
  }
  const names = Object.keys(own) as Ownable[];
  for (const name of names) process.env[name.toUpperCase()] = own[name];
  const parts = names.length > 0 ? partsOfOwn(names) : partsOf[which];
  if (parts === undefined) {
    say(`error: expected one of: ${Object.keys(partsOf).join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  const problem = await prepare(names.length > 0);
  if (problem !== undefined) {
    say(`${problem}\nThe unit tests alone need nothing: npm run test:unit`);
    finish([{ project: 'set-up', passed: 0, failures: [problem.split('\n')[0] ?? problem] }]);
    return;
  }
  const folder = `${root}test-artifacts`;
  mkdirSync(folder, { recursive: true });
  process.env[programVariable] = build(`${folder}/program`);
  const outcomes: Outcome[] = [];
  const waiting = [...parts];
  const worker = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined && stopped === undefined; part = waiting.shift()) {
      if (part.files?.length === 0) continue;
      const reportPath = `${folder}/${part.project}${part.share === undefined ? '' : `-${part.share}`}.json`;
      rmSync(reportPath, { force: true });
      outcomes.push(outcomeOf(part.project, await runVitest(part, reportPath), reportPath));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  if (stopped !== undefined)
    outcomes.push({ project: 'stopped', passed: 0, failures: [`${stopped}: the rest was not run`] });
  finish(outcomes);
}

await main(process.argv[2], process.argv.slice(3));
