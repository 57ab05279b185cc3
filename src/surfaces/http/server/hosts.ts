/**
 * Which `Host` a request may name. A page of another site can make a browser send requests here under a name of its own
 * that it points to this address (DNS rebinding), and would be shown the answers. Such a name has a dot and is a
 * public one; ours are addresses, names without a dot, and names that only a host or a cluster gives.
 */
import { hostname } from 'node:os';
import { isIP } from 'node:net';

/** Ends of names that nobody can register: RFC 6761, 6762, 8375, ICANN's `.internal`, Kubernetes' services. */
const privateEnds = ['.localhost', '.local', '.internal', '.home.arpa', '.svc', '.svc.cluster.local'];

/**
 * @param host the header; undefined where the client (HTTP/1.0) sent none, which no browser does.
 * @param allowed what the configuration names: `nas.lan`, `*.ts.net`; in lower case.
 * @param own the host's own name; for tests.
 */
export function isHostAllowed(
  host: string | undefined,
  allowed: readonly string[] = [],
  own = hostname(),
): boolean {
  if (host === undefined) return true;
  const name = host
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  if (isIP(name) !== 0 || !name.includes('.')) return /^[-a-z0-9_.:%]+$/.test(name);
  const isNamed = (each: string): boolean =>
    each.startsWith('*.') ? name.endsWith(each.slice(1)) && name.length >= each.length : name === each;
  return name === own.toLowerCase() || privateEnds.some((end) => name.endsWith(end)) || allowed.some(isNamed);
}
