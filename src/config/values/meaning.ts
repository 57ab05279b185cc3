/**
 * What people mean by an unknown command or flag: first what other programs call it, then a
 * misspelling. The nearest name is not suggested just for being the nearest.
 */
import { editDistance } from './nearest.ts';

/** What other programs call it, and ours, best first: of these the first that there is. */
const commandsByWord: Readonly<Record<string, readonly string[]>> = {
  version: ['--version'],
  usage: ['--help'],
  man: ['--help'],
  ...all(['ls', 'list', 'images', 'ps', 'df', 'du', 'info', 'show', 'disk', 'top', 'space'], ['status']),
  ...all(['dry-run', 'dryrun', 'preview', 'diff', 'what-if', 'explain', 'check'], ['plan']),
  ...all(
    ['clean', 'cleanup', 'prune', 'purge', 'gc', 'rm', 'rmi', 'remove', 'delete', 'sweep', 'once', 'free'],
    ['clean', 'run --once'],
  ),
  ...all(['start', 'daemon', 'serve', 'server', 'up', 'monitor'], ['run']),
  watch: ['status --watch'],
  ...all(['health', 'healthz', 'ping', 'ready'], ['healthcheck']),
  ...all(['replay', 'sim', 'bench', 'simulation'], ['simulate']),
  release: ['uncordon'],
};

const flagsByWord: Readonly<Record<string, string>> = {
  '-v': '--version, or --log-level debug',
  '--verbose': '--log-level debug',
  '--debug': '--log-level debug',
  '-d': '--log-level debug',
  '--quiet': '--log-level warn',
  '-q': '--log-level warn',
  '-n': '--dry-run',
  '--preview': '--dry-run, or the command plan',
  '--what-if': '--dry-run, or the command plan',
  '--exclude': '--keep',
  '--ignore': '--keep',
  '--protect': '--keep',
  '--limit': '--top',
  '--path': '--path-to-check',
  '--node': '--node-name',
  '--threshold': '--threshold-high',
  '--high': '--threshold-high',
  '--low': '--threshold-low',
  '--interval': '--interval-seconds',
  '--port': '--http-address',
  '--follow': '--watch',
  '-f': '--watch',
};

function all(words: readonly string[], meant: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(words.map((word) => [word, meant]));
}

/** @param known the existing commands. @returns what is meant; undefined where that cannot be guessed. */
export function meantCommand(word: string, known: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const meant = Object.hasOwn(commandsByWord, wanted) ? (commandsByWord[wanted] ?? []) : [];
  return (
    meant.find((each) => each.startsWith('--') || known.includes(each.split(' ')[0] ?? '')) ??
    misspelt(wanted, known)
  );
}

/** The known word that another one is a misspelling of: about one slip in three letters. */
function misspelt(word: string, known: readonly string[]): string | undefined {
  const slips = (candidate: string): number => editDistance(word.slice(0, 100), candidate);
  const [best] = known.toSorted((a, b) => slips(a) - slips(b));
  return best !== undefined && slips(best) <= Math.max(1, Math.ceil(best.length / 3)) ? best : undefined;
}

export function didYouMean(meant: string | undefined): string {
  return meant === undefined ? '' : ` (did you mean ${meant}?)`;
}

/** The parser's message, with what an unknown flag is called here in place of the parser's own guess. */
export function withMeaning(error: { readonly code: string }, text: string): string {
  if (error.code !== 'commander.unknownOption') return text;
  const flag = /unknown option '([^']*)'/.exec(text)?.[1]?.split('=')[0] ?? '';
  const meant = Object.hasOwn(flagsByWord, flag) ? flagsByWord[flag] : undefined;
  if (meant === undefined) return text;
  const [first = ''] = text.split('\n');
  return `${first.trimEnd()}${didYouMean(meant)}\n`;
}
