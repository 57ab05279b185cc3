#!/usr/bin/env node
/** The executable: arguments → command → exit status. Each command is loaded only when it is asked for. */
import { parseCommandLine } from './cli/command-line.ts';
import { type Print, refusal } from './cli/command-table.ts';
import { configFilePath, type ConfigFile } from './config/config-file.ts';
import type { LoadedConfig } from './config/config.ts';
import { loadExpressions } from './config/values/expressions.ts';
import type { Output } from './commands/looking/look.ts';
import { complain, warn } from './commands/looking/messages.ts';
import { whyNoClean, whyNoRun } from './commands/looking/elsewhere.ts';
import { withEngine } from './commands/looking/with-engine.ts';
import { withKeepFile } from './commands/looking/with-keep-file.ts';
import { EXIT } from './cli/exit-status.ts';

/** Set where what a command prints could not be written. */
let isUnwritten = false;

/** A pipe that was closed early (`… | head`) is the reader's right, not our failure; a full disk is. */
function onOutputError({ code, message }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE' || isUnwritten) return;
  isUnwritten = true;
  complain(`cannot write to standard output: ${message}`);
  process.exitCode = EXIT.unavailable;
}

async function main(): Promise<number> {
  // A process that `simulate` starts to replay for it: see commands/simulate/simulate-helpers.ts.
  const isHelper = process.argv[2] === 'simulate-helper' && process.send !== undefined;
  const argv = isHelper ? ['simulate', ...process.argv.slice(3)] : process.argv.slice(2);
  const file = await configFile(argv);
  const fileText = file?.content.ok === true ? file.content.text : '';
  await loadExpressions([...argv, ...Object.values(process.env), fileText]);
  const columns = process.stdout.columns || 100;
  const command = parseCommandLine(argv, process.env, { columns }, file);
  if (isHelper && command.kind === 'simulate') {
    const { simulateHelper } = await import('./commands/simulate/simulate-helper.ts');
    return await simulateHelper(command.options);
  }
  switch (command.kind) {
    case 'print':
      return print(command);
    case 'run': {
      const { run } = await import('./commands/run.ts');
      const found = await prepared(command.config);
      if (!found.ok) return print(refusal(found.problems, command.warnings));
      const { config, warnings, away } = found;
      const reason = whyNoRun(config);
      if (reason !== undefined) return print(refusal([reason], []));
      return await run(config, command.once, [...command.warnings, ...warnings], away);
    }
    case 'plan': {
      const { plan } = await import('./commands/plan.ts');
      const found = await prepared(command.config);
      if (!found.ok) return print(refusal(found.problems, command.warnings));
      const { config, warnings } = found;
      [...command.warnings, ...warnings].forEach(warn);
      return await plan(config, outputOf(command), command.list, new AbortController().signal);
    }
    case 'clean': {
      const { clean } = await import('./commands/clean.ts');
      const found = await prepared(command.config);
      if (!found.ok) return print(refusal(found.problems, command.warnings));
      const { config, warnings } = found;
      const reason = whyNoClean(config);
      if (reason !== undefined) return print(refusal([reason], []));
      [...command.warnings, ...warnings].forEach(warn);
      return await clean(config, command.request);
    }
    case 'simulate': {
      const { simulate } = await import('./commands/simulate/simulate.ts');
      return await simulate(command.options, new AbortController().signal);
    }
    case 'status': {
      const { status } = await import('./commands/status.ts');
      const found = await prepared(command.config);
      if (!found.ok) return print(refusal(found.problems, command.warnings));
      const { config, warnings } = found;
      [...command.warnings, ...warnings].forEach(warn);
      return await status(config, outputOf(command), command.list, new AbortController().signal);
    }
    case 'uncordon': {
      const { uncordon } = await import('./commands/uncordon.ts');
      return await uncordon(command.request);
    }
    case 'healthcheck': {
      const { healthcheck } = await import('./commands/healthcheck.ts');
      return await healthcheck(command.request);
    }
  }
}

/** The configuration with its file of patterns and the engine that it names; or why there is none, a line each. */
async function prepared(
  given: LoadedConfig,
): Promise<
  | Extract<Awaited<ReturnType<typeof withEngine>>, { readonly ok: true }>
  | { readonly ok: false; readonly problems: readonly string[] }
> {
  const kept = await withKeepFile(given);
  if (!kept.ok) return kept;
  const found = await withEngine(kept.config);
  return found.ok ? found : { ok: false, problems: [found.problem] };
}

function print({ stream, text, exitCode }: Print): number {
  process[stream].write(text);
  return exitCode;
}

/** The file of `--config`, read; undefined: none is named. */
async function configFile(argv: readonly string[]): Promise<ConfigFile | undefined> {
  const path = configFilePath(argv, process.env);
  if (path === undefined) return undefined;
  const { readTextFile } = await import('./system/read-text-file.ts');
  return { path, content: await readTextFile(path) };
}

function outputOf({ json, watch }: { readonly json: boolean; readonly watch: boolean }): Output {
  return json ? 'json' : watch ? 'watch' : 'text';
}

process.stdout.on('error', onOutputError);
// There is no reader any more.
process.stderr.on('error', () => undefined);
// No top-level await: the one bundled file is CommonJS, which has none.
void main().then((exitCode) => {
  process.exitCode = isUnwritten ? EXIT.unavailable : exitCode;
});
