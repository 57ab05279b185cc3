/** What `healthcheck` is asked to do, from the address that the daemon beside it serves. */
import type { Asked } from './asked.ts';
import { readSetting, type Environment, type Flags } from '../config.ts';
import { refuseOthers } from './few-settings.ts';
import { flagOf, variableOf, type SettingKey } from '../settings.ts';

export interface HealthcheckRequest {
  /** Where the daemon listens; undefined: it does not. */
  readonly url: string | undefined;
}

export const healthcheckSettings: readonly SettingKey[] = ['httpAddress', 'probeAddress', 'config'];

export const healthcheckSwitches = {
  '--ready':
    'Ask whether the last check reached the engine and the disk (/readyz), not only whether its loop is alive',
};

export function healthcheckRequest(
  own: { readonly ready?: boolean },
  env: Environment,
  flags: Flags,
): Asked<HealthcheckRequest> {
  const others = refuseOthers('healthcheck', flags, healthcheckSettings);
  if (others.length > 0) return { ok: false, problems: others };
  for (const key of ['probeAddress', 'httpAddress'] as const) {
    const read = readSetting(key, env, flags);
    if (!read.ok) return { ok: false, problems: [read.problem] };
    if (read.value === undefined) continue;
    const { host, port } = read.value;
    if (port === 0) {
      const name = (flags[key] ?? '') === '' ? variableOf(key) : flagOf(key);
      const reason = 'with port 0 the daemon takes any free port, so it cannot be found: set a port';
      return { ok: false, problems: [`${name}: ${reason}`] };
    }
    const path = own.ready === true ? '/readyz' : '/healthz';
    return { ok: true, request: { url: `http://${reachable(host)}:${port}${path}` } };
  }
  return { ok: true, request: { url: undefined } };
}

/** An address of this host: every address of the host includes the loopback's. */
function reachable(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
