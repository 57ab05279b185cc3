/** What `uncordon` is asked to do. It reads no setting but the node's name: it has to work where all else is wrong. */
import type { Asked } from './asked.ts';
import { readSetting, type Environment, type Flags } from '../config.ts';
import { longestSeconds, seconds } from '../values/durations.ts';
import { refuseOthers } from './few-settings.ts';
import { problemLine } from '../values/problem.ts';
import { flagOf, variableOf, type SettingKey } from '../settings.ts';
import { nodeName } from '../values/values.ts';

export type UncordonRequest =
  | { readonly target: 'node'; readonly nodeName: string }
  | { readonly target: 'all' }
  | {
      readonly target: 'daemonset';
      readonly daemonSet: { readonly namespace: string; readonly name: string };
      readonly waitSeconds: number;
    };

/** The settings that it takes. */
export const uncordonSettings: readonly SettingKey[] = ['nodeName', 'config'];

/** Its own flags, once for the parser and the help. */
export const uncordonSwitches = {
  '--all': 'Every node that carries the mark of an image cleaner, the Python tool included',
  '--delete-daemonset <name>':
    'First delete this DaemonSet of the namespace POD_NAMESPACE; then the nodes that its pods left cordoned',
  '--wait-seconds <duration>': 'How long to wait for the pods of the deleted DaemonSet to end (default: 60)',
};

/** They as they were given; what was not given is left out. */
export interface UncordonFlags {
  readonly all?: boolean;
  readonly deleteDaemonset?: string;
  readonly waitSeconds?: string;
}

const defaultWaitSeconds = '60';

/** @param settings the settings' flags; all but a few are refused */
export function uncordonRequest(
  own: UncordonFlags,
  env: Environment,
  settings: Flags,
): Asked<UncordonRequest> {
  const problems = [...refuseOthers('uncordon', settings, uncordonSettings)];
  const targets = [
    ...(settings.nodeName ? [flagOf('nodeName')] : []),
    ...(own.all === true ? ['--all'] : []),
    ...(own.deleteDaemonset === undefined ? [] : ['--delete-daemonset']),
  ];
  if (targets.length > 1) problems.push(`${targets.join(' and ')} cannot be used together`);
  if (own.waitSeconds !== undefined && own.deleteDaemonset === undefined)
    problems.push('--wait-seconds needs --delete-daemonset');

  const request =
    own.deleteDaemonset === undefined
      ? nodeRequest(own, env, settings, problems)
      : daemonSetRequest(own.deleteDaemonset, own.waitSeconds ?? defaultWaitSeconds, env, problems);
  return request === undefined || problems.length > 0 ? { ok: false, problems } : { ok: true, request };
}

function nodeRequest(
  own: UncordonFlags,
  env: Environment,
  settings: Flags,
  problems: string[],
): UncordonRequest | undefined {
  if (own.all === true) return { target: 'all' };
  const read = readSetting('nodeName', env, settings);
  if (!read.ok) {
    problems.push(read.problem);
    return undefined;
  }
  if (read.value === undefined) {
    const ways = `${variableOf('nodeName')} or ${flagOf('nodeName')}, or use --all`;
    problems.push(`no node is named: set ${ways}`);
    return undefined;
  }
  return { target: 'node', nodeName: read.value };
}

function daemonSetRequest(
  name: string,
  wait: string,
  env: Environment,
  problems: string[],
): UncordonRequest | undefined {
  const namespace = env['POD_NAMESPACE'] ?? '';
  // Guessing a namespace would be guessing what to delete.
  if (namespace === '') problems.push('POD_NAMESPACE is not set: expected the namespace of the DaemonSet');
  else if (!isName(namespace))
    problems.push(problemLine('POD_NAMESPACE', namespace, 'expected the name of a namespace'));
  if (!isName(name))
    problems.push(problemLine('--delete-daemonset', name, 'expected the name of a DaemonSet'));
  const waitSeconds = seconds(0, longestSeconds).parse(wait);
  if (waitSeconds.ok)
    return { target: 'daemonset', daemonSet: { namespace, name }, waitSeconds: waitSeconds.value };
  problems.push(problemLine('--wait-seconds', wait, waitSeconds.reason));
  return undefined;
}

/** DaemonSets and namespaces are named like nodes, by DNS names (RFC 1123). */
function isName(text: string): boolean {
  return text !== '' && nodeName().parse(text).ok && text.trim() === text;
}
