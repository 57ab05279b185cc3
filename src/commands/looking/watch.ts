/** What a command shows: once, or with `--watch` again and again on the terminal, to be scrolled, until Ctrl-C or q. */
import { sleep } from '../../system/clock.ts';
import { printableLines } from '../../core/model/printable.ts';
import { DiskError } from '../../disk/filesystem/error.ts';
import { EngineError } from '../../engine/engine.ts';
import { EXIT } from '../../cli/exit-status.ts';
import type { Output } from '../../config/requests/list-options.ts';
import { type ListLook, paragraph } from '../../surfaces/terminal/list.ts';
import { Screen } from '../../surfaces/terminal/screen.ts';
import { outputLook, type TextLook } from '../../surfaces/terminal/table.ts';
import { orUnavailable, printJson } from './look.ts';
import { complain } from './messages.ts';

/** From the end of one look to the next. */
const EVERY_MS = 2_000;

interface Shown<Seen> {
  readonly see: (signal: AbortSignal) => Promise<Seen>;
  readonly text: (seen: Seen, look: ListLook) => string;
  readonly json: (seen: Seen) => unknown;
}

/** Shows what is seen as it is asked for, once or until the user has seen enough. */
export async function show<Seen>({ see, text, json }: Shown<Seen>, { as, ...list }: Output): Promise<number> {
  if (as === 'watch') return await watch(see, (seen, page) => text(seen, { ...page, ...list }));
  return await orUnavailable(async () => {
    const seen = await see(new AbortController().signal);
    if (as === 'json') printJson(json(seen));
    else process.stdout.write(text(seen, { ...outputLook(), ...list }));
    return EXIT.done;
  });
}

/** A page that scrolls. */
interface Page extends TextLook {
  readonly scrolls: true;
}

/**
 * Shows a live view until the user quits; failures are shown and retried.
 * @param see takes a snapshot.
 * @param text the snapshot as text, as wide as the terminal is now: also called when its size changes.
 */
async function watch<Seen>(
  see: (signal: AbortSignal) => Promise<Seen>,
  text: (seen: Seen, page: Page) => string,
): Promise<number> {
  const { stdin, stdout } = process;
  if (!stdout.isTTY) {
    complain('--watch needs a terminal; use --json or the metrics instead');
    return EXIT.usage;
  }
  const enough = new AbortController();
  const end = (): void => {
    enough.abort();
  };
  const screen = new Screen(stdout);
  // In raw mode, so that typing is not echoed into the view; Ctrl-C is then a character.
  const onKeys = (keys: Buffer): void => {
    const typed = keys.toString('latin1');
    if (/[\u0003\u0004qQ]/.test(typed)) end();
    else screen.press(typed);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  if (stdin.isTTY) stdin.setRawMode(true).on('data', onKeys);
  try {
    while (!enough.signal.aborted) {
      const shown = await textOf(see, text, enough.signal);
      const head = `every ${EVERY_MS / 1000} s, q ends · ${new Date().toLocaleTimeString('sv')}`;
      screen.show(head, (columns) => shown({ stream: stdout, columns, scrolls: true }));
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

async function textOf<Seen>(
  see: (signal: AbortSignal) => Promise<Seen>,
  text: (seen: Seen, page: Page) => string,
  signal: AbortSignal,
): Promise<(page: Page) => string> {
  try {
    const seen = await see(signal);
    return (page) => text(seen, page);
  } catch (error) {
    if (!(error instanceof EngineError || error instanceof DiskError)) throw error;
    const message = printableLines(error.message, 4000);
    return (page) => [...paragraph(message, page), '', 'Trying again.'].join('\n');
  }
}
