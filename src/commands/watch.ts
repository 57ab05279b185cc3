/** `--watch`: a command's text, again and again on the terminal, until Ctrl-C or q. */
import { sleep } from '../system/clock.ts';
import { printable } from '../core/model/printable.ts';
import { DiskError } from '../disk/filesystem/error.ts';
import { EngineError } from '../engine/engine.ts';
import { EXIT } from '../cli/exit-status.ts';
import { Screen } from '../surfaces/terminal/screen.ts';
import { complain } from './look.ts';

/** From the end of one look to the next. */
const EVERY_MS = 2_000;

/**
 * Shows what `render` gives until the user has seen enough; what cannot be reached is said on the screen and tried again.
 * @param render looks anew and gives the text.
 */
export async function watch(render: (signal: AbortSignal) => Promise<string>): Promise<number> {
  const { stdin, stdout } = process;
  if (!stdout.isTTY) {
    complain('--watch needs a terminal; for machines there is --json, or metrics over HTTP');
    return EXIT.usage;
  }
  const enough = new AbortController();
  const end = (): void => {
    enough.abort();
  };
  // In raw mode, so that what is typed is not drawn into the view; Ctrl-C then comes as a character.
  const onKeys = (keys: Buffer): void => {
    if (/[\u0003\u0004qQ]/.test(keys.toString('latin1'))) end();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  if (stdin.isTTY) stdin.setRawMode(true).on('data', onKeys);
  const screen = new Screen(stdout);
  try {
    while (!enough.signal.aborted) {
      screen.show(await textOf(render, enough.signal));
      await sleep(EVERY_MS, enough.signal);
    }
  } catch (error) {
    if (!enough.signal.aborted) throw error;
  } finally {
    screen.close();
    if (stdin.isTTY) stdin.setRawMode(false).off('data', onKeys).pause();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, end);
  }
  return EXIT.done;
}

async function textOf(
  render: (signal: AbortSignal) => Promise<string>,
  signal: AbortSignal,
): Promise<string> {
  const head = `every ${EVERY_MS / 1000} s, q ends · ${new Date().toLocaleTimeString('sv')}`;
  try {
    return `${head}\n\n${await render(signal)}`;
  } catch (error) {
    if (!(error instanceof EngineError || error instanceof DiskError)) throw error;
    return `${head}\n\n${printable(error.message, 4000)}\n\nTrying again.`;
  }
}
