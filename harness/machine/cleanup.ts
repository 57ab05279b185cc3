/**
 * Undoing what was done to the machine, even when the process is on its way out: on exit, on a signal, on an uncaught
 * error. Cleanups are synchronous, because nothing asynchronous runs after `exit`.
 */
type Cleanup = () => void;

const pending = new Set<Cleanup>();
let installed = false;

function runAll(): void {
  // Last made, first undone: an engine before its disk.
  for (const cleanup of [...pending].reverse()) {
    pending.delete(cleanup);
    try {
      cleanup();
    } catch (error) {
      process.stderr.write(`Cleaning up: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

function install(): void {
  if (installed) return;
  installed = true;
  process.on('exit', runAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const handler = (): void => {
      runAll();
      // Die of the signal, as we would have without this handler; process.exit() is not ours to call in a test runner.
      process.removeListener(signal, handler);
      process.kill(process.pid, signal);
    };
    process.on(signal, handler);
  }
}

/** Runs a cleanup when the process ends in any way it can notice. Returns a function that takes it back. */
export function atExit(cleanup: Cleanup): () => void {
  install();
  pending.add(cleanup);
  return () => {
    pending.delete(cleanup);
  };
}
