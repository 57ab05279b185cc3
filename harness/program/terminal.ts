/** The real executable on a real terminal (tmux), and what stands on its screen. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { program } from './cli.ts';
import { commandPath, ensureCommands } from '../machine/packages.ts';
import { waitFor } from '../machine/wait.ts';
import { createWorkspace } from '../machine/workspace.ts';

export interface TerminalOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

export interface Terminal {
  /** The lines on the screen, without the spaces at their ends. */
  screen(): string;
  /** The same with colours, as escape sequences. */
  colouredScreen(): string;
  /** Waits until the screen matches, and returns it. */
  waitForScreen(wanted: RegExp): Promise<string>;
  /** As tmux names keys: `C-c`, `q`. */
  press(key: string): void;
  resize(columns: number, rows: number): void;
  /** Whether the second screen is shown, and the cursor. */
  state(): { readonly isAlternate: boolean; readonly hasCursor: boolean };
  dispose(): void;
}

/** Its end stands on the screen as `[exit 0]`. */
export async function startTerminal(args: readonly string[], options: TerminalOptions): Promise<Terminal> {
  await ensureCommands(['tmux']);
  const { env, columns = 100, rows = 40 } = options;
  const workspace = createWorkspace();
  const socket = join(workspace.path, 'tmux.sock');
  const quoted = [process.execPath, program, ...args].map((word) => `'${word}'`).join(' ');
  const variables = Object.entries({ PATH: process.env['PATH'] ?? '', HOME: workspace.path, ...env })
    .map(([name, value]) => `'${name}=${value}'`)
    .join(' ');

  function tmux(...command: string[]): string {
    const { status, stdout, stderr } = spawnSync(commandPath('tmux'), ['-u', '-S', socket, ...command], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' },
    });
    if (status !== 0) throw new Error(`tmux ${command.join(' ')} ended with ${String(status)}: ${stderr}`);
    return stdout;
  }

  // `env -i`: nothing of ours is passed on. The last command keeps the screen to be looked at.
  const script = `env -i TERM=tmux-256color LC_ALL=C.UTF-8 ${variables} ${quoted}; echo "[exit $?]"; exec cat`;
  tmux(
    ...['-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows), script],
    ...[';', 'set-option', '-g', 'status', 'off'],
  );
  tmux('resize-window', '-x', String(columns), '-y', String(rows));
  const screen = (): string => tmux('capture-pane', '-p');
  return {
    screen,
    colouredScreen: () => tmux('capture-pane', '-p', '-e'),
    waitForScreen: async (wanted) => {
      try {
        return await waitFor(String(wanted), () => {
          const seen = screen();
          return wanted.test(seen) && seen;
        });
      } catch (error) {
        throw new Error(`${String(error)} The screen:\n${screen()}`, { cause: error });
      }
    },
    press: (key) => void tmux('send-keys', key),
    resize: (x, y) => void tmux('resize-window', '-x', String(x), '-y', String(y)),
    state: () => {
      const [alternate, cursor] = tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}')
        .trim()
        .split(' ');
      return { isAlternate: alternate === '1', hasCursor: cursor === '1' };
    },
    dispose: () => {
      tmux('kill-server');
      workspace.dispose();
    },
  };
}
