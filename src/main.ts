#!/usr/bin/env node
/** The executable: arguments → command → exit status. Each command is loaded only when it is asked for. */
import { parseCommandLine } from './cli/command-line.ts';
import { type ParsedCommand, type Print, refusal } from './cli/command-table.ts';
import { configFilePath, type ConfigFile } from './config/config-file.ts';
import type { LoadedConfig } from './config/config.ts';
import { loadExpressions } from './config/values/expressions.ts';
import { complain, warn } from './commands/looking/messages.ts';
import { whyNoClean, whyNoRun } from './commands/looking/elsewhere.ts';
import { type WithEngine, withEngine } from './commands/looking/with-engine.ts';
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
  if ('config' in command) return await configured(command);
  switch (command.kind) {
    case 'print':
      return print(command);
    case 'simulate': {
      const { simulate } = await import('./commands/simulate/simulate.ts');
      return await simulate(command.options);
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

/** The commands that need the configuration and an engine. */
async function configured(
  command: Extract<ParsedCommand, { readonly config: LoadedConfig }>,
): Promise<number> {
  const found = await prepared(command.config);
  if (!found.ok) return print(refusal(found.problems, command.warnings));
  const { config, away } = found;
  const warnings = [...command.warnings, ...found.warnings];
  const refused = { run: whyNoRun, clean: whyNoClean, plan: () => undefined, status: () => undefined };
  const reason = refused[command.kind](config);
  if (reason !== undefined) return print(refusal([reason], []));
  if (command.kind !== 'run') warnings.forEach(warn);
  switch (command.kind) {
    case 'run': {
      const { run } = await import('./commands/run.ts');
      return await run(config, command.once, warnings, away);
    }
    case 'plan': {
      const { plan } = await import('./commands/plan.ts');
      return await plan(config, command.output);
    }
    case 'status': {
      const { status } = await import('./commands/status.ts');
      return await status(config, command.output);
    }
    case 'clean': {
      const { clean } = await import('./commands/clean.ts');
      return await clean(config, command.request);
    }
  }
}

/** The configuration with its file of patterns and the engine that it names; or why there is none, a line each. */
async function prepared(given: LoadedConfig): Promise<WithEngine> {
  const kept = await withKeepFile(given);
  return kept.ok ? await withEngine(kept.config) : kept;
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

process.stdout.on('error', onOutputError);
// There is no reader any more.
process.stderr.on('error', () => undefined);
// No top-level await: the one bundled file is CommonJS, which has none.
void main().then((exitCode) => {
  process.exitCode = isUnwritten ? EXIT.unavailable : exitCode;
});
