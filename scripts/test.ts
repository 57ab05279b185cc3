/**
 * `npm test`: everything that this machine's distribution has the engines for, in the rows of `rowsOf`.
 * `npm run test:engines`: the conformance suite on every engine; with `others`, on those that `npm test` leaves out.
 * With the path of an engine's binary (own-engines.ts) the suite and the engine tests run on that one.
 * Installs what the tests need. Ends with one line, `N passed, N failed`. Nothing is left out silently: a test that was
 * skipped counts as failed, and so does a file that could not be loaded.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { clearAbandoned } from '../harness/workspace.ts';
import { engineCommands, ensureCommands, requireRoot } from '../harness/packages.ts';
import { type Ownable } from '../harness/own-binaries.ts';
import { ownEngines, OwnEnginesError, testsThatStart } from './own-engines.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/**
 * Two rows of projects run side by side, each one after the other: most tests wait for an engine, so two of them take little
 * more of two cores than one.
 */
const rowsOf: Readonly<Record<string, readonly (readonly string[])[]>> = {
  everything: [
    // Both of the last two build dist/.
    ['unit', 'system', 'engine', 'packages'],
    ['fuzz', 'browser', 'conformance', 'cluster'],
  ],
  engines: [['conformance', 'engines']],
  others: [['engines']],
  own: [['own', 'engine']],
};

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
  project: string,
  reportPath: string,
  files: readonly string[],
): Promise<number | string> {
  const child = spawn(
    process.execPath,
    [
      `${root}node_modules/vitest/vitest.mjs`,
      'run',
      '--passWithNoTests',
      ...['--project', project],
      ...files,
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
  for (const outcome of outcomes)
    say(`${outcome.project.padEnd(11)} ${outcome.passed} passed, ${outcome.failures.length} failed`);
  for (const failure of failures) say(`  failed: ${failure}`);
  say(`${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

/** Installs what the tests need; gives what is wrong when that is not possible. */
async function prepare(): Promise<string | undefined> {
  try {
    requireRoot('npm test');
    await ensureCommands([
      ...engineCommands,
      'mkfs.xfs',
      'mkfs.btrfs',
      'docker-registry',
      'openssl',
      'chromium',
      'protoc',
    ]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function main(given = 'everything', args: readonly string[] = []): Promise<void> {
  let own: Readonly<Partial<Record<Ownable, string>>> = {};
  try {
    if (given === 'engines') own = ownEngines(args, process.env);
  } catch (error) {
    if (!(error instanceof OwnEnginesError)) throw error;
    say(error.message);
    process.exitCode = 2;
    return;
  }
  const names = Object.keys(own) as Ownable[];
  for (const name of names) process.env[name.toUpperCase()] = own[name];
  const files = names.length > 0 ? { engine: testsThatStart(names, `${root}test/engine`) } : {};
  const which = names.length > 0 ? 'own' : given;
  const rows = rowsOf[which];
  if (rows === undefined) {
    say(`What is to be tested is one of: ${Object.keys(rowsOf).join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  const problem = await prepare();
  if (problem !== undefined) {
    say(`${problem}\nThe unit tests alone need nothing: npm run test:unit`);
    finish([{ project: 'set-up', passed: 0, failures: [problem.split('\n')[0] ?? problem] }]);
    return;
  }
  const folder = `${root}test-artifacts`;
  mkdirSync(folder, { recursive: true });
  finish((await Promise.all(rows.map((row) => runRow(row, folder, files)))).flat());
}

/** @param files the only files of a project that run; where it has no entry, all. */
async function runRow(
  projects: readonly string[],
  folder: string,
  files: Readonly<Record<string, readonly string[]>>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const project of projects) {
    const reportPath = `${folder}/${project}.json`;
    rmSync(reportPath, { force: true });
    const chosen = files[project] ?? [];
    if (files[project] !== undefined && chosen.length === 0) continue;
    outcomes.push(outcomeOf(project, await runVitest(project, reportPath, chosen), reportPath));
    if (stopped !== undefined) {
      outcomes.push({ project: 'stopped', passed: 0, failures: [`${stopped}: the rest was not run`] });
      break;
    }
  }
  return outcomes;
}

await main(process.argv[2], process.argv.slice(3));
