/**
 * Where the Docker engine is, from the variables that every Docker client knows. Pure: the environment is an
 * argument, nothing is looked up or connected to.
 *
 * Followed: Docker's Go client and docker-py for TLS (a certificate path or a non-empty DOCKER_TLS_VERIFY enables it,
 * DOCKER_TLS_VERIFY alone decides whether the engine's certificate is verified), the docker command for the default
 * ports (2375, with TLS 2376) and `tcp://:port`, docker-py for http:// and https:// and for a bare `host:port`.
 */
import { isIPv6 } from 'node:net';
import { longestSocketPathBytes } from './endpoint.ts';

/** What names an address where that is not DOCKER_HOST, for messages: `the context remote`. */
interface Named {
  readonly namedBy?: string | undefined;
}

export interface UnixAddress extends Named {
  readonly kind: 'unix';
  readonly path: string;
}

export interface TlsOptions {
  /** Whether the engine's certificate must be valid for its name. */
  readonly verify: boolean;
  /** The folder with `ca.pem`, `cert.pem` and `key.pem`; undefined: the system's authorities, no client certificate. */
  readonly certPath: string | undefined;
  /** Which of them it has, where that need not be all three: a context's. */
  readonly files?: readonly string[];
}

export interface TcpAddress extends Named {
  readonly kind: 'tcp';
  /** A name or an address; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** Undefined: in the clear. */
  readonly tls: TlsOptions | undefined;
}

/** Through the user's ssh; see docker/http/ssh.ts. */
export interface SshAddress extends Named {
  readonly kind: 'ssh';
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  /** The engine's socket there; undefined: what `docker` there talks to. */
  readonly path: string | undefined;
}

export type EngineAddress = UnixAddress | TcpAddress | SshAddress;

export const defaultSocketPath = '/var/run/docker.sock';
const plainPort = 2375;
const tlsPort = 2376;

/** A variable whose value cannot be used. The value carries no password. */
export interface AddressProblem {
  readonly variable: string;
  /** Undefined when the variable is unset and should not be. */
  readonly value: string | undefined;
  readonly reason: string;
}

export type AddressResult =
  | { readonly ok: true; readonly address: EngineAddress; readonly warnings: readonly AddressProblem[] }
  | { readonly ok: false; readonly problem: AddressProblem };

type Environment = Readonly<Record<string, string | undefined>>;

/** The address as it is written in DOCKER_HOST. */
export function describeAddress(address: EngineAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  if (address.kind === 'ssh') {
    const { user, port, path = '' } = address;
    return `ssh://${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}${path}`;
  }
  return `tcp://${host}:${address.port}`;
}

/** Whether an address is certainly another host's. A name may still be this one's. */
export function isRemote(address: EngineAddress): boolean {
  if (address.kind === 'unix') return false;
  return address.kind === 'ssh' || !isLoopback(address.host);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** The engine's address by DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH; an empty variable counts as unset. */
export function engineAddress(env: Environment): AddressResult {
  const host = (env['DOCKER_HOST'] ?? '').trim();
  if (host === '') return { ok: true, address: { kind: 'unix', path: defaultSocketPath }, warnings: [] };
  const target = readHost(host);
  if ('refused' in target) return hostProblem(host, target.refused);
  const local = withoutTls(target);
  if (local !== undefined) return { ok: true, address: local, warnings: [] };
  if (target.scheme === 'unix' || target.scheme === 'ssh') throw new RangeError('it has an address');

  const verify = (env['DOCKER_TLS_VERIFY'] ?? '') !== '';
  const certPath = env['DOCKER_CERT_PATH'] ?? '';
  const wantsTls = verify || certPath !== '';
  if (target.scheme === 'http' && wantsTls) {
    const by = verify ? 'DOCKER_TLS_VERIFY' : 'DOCKER_CERT_PATH';
    return hostProblem(host, `http:// is without TLS, but ${by} asks for TLS; write tcp:// or unset ${by}`);
  }
  const tls = tlsOptions(env, target.scheme, verify, certPath);
  if (tls !== undefined && 'variable' in tls) return { ok: false, problem: tls };
  const port = target.port ?? (tls === undefined ? plainPort : tlsPort);
  return {
    ok: true,
    address: { kind: 'tcp', host: target.host, port, tls },
    warnings: [
      ...verifyWarnings(env['DOCKER_TLS_VERIFY'] ?? ''),
      ...(tls === undefined ? [plainWarning(host, target.host)] : []),
    ],
  };
}

/** A context's address. @param tls undefined: in the clear. @param namedBy for messages. */
export function contextAddress(host: string, tls: TlsOptions | undefined, namedBy: string): AddressResult {
  const target = host === '' ? ({ scheme: 'unix', path: defaultSocketPath } as const) : readHost(host);
  if ('refused' in target)
    return hostProblem(host, `its host ${hidden(host)} cannot be used: ${target.refused}`);
  const local = withoutTls(target);
  if (local !== undefined) return { ok: true, address: { ...local, namedBy }, warnings: [] };
  if (target.scheme === 'unix' || target.scheme === 'ssh') throw new RangeError('it has an address');
  const wanted = tls ?? (target.scheme === 'https' ? { verify: true, certPath: undefined } : undefined);
  const port = target.port ?? (wanted === undefined ? plainPort : tlsPort);
  const address = { kind: 'tcp', host: target.host, port, tls: wanted, namedBy } as const;
  return { ok: true, address, warnings: wanted === undefined ? [plainWarning(host, target.host)] : [] };
}

/** The address of what needs no TLS of ours; undefined for TCP. */
function withoutTls(target: Exclude<Target, { refused: string }>): UnixAddress | SshAddress | undefined {
  if (target.scheme === 'unix') return { kind: 'unix', path: target.path };
  if (target.scheme !== 'ssh') return undefined;
  const { host, user, port, path } = target;
  return { kind: 'ssh', host, user, port, path };
}

function tlsOptions(
  env: Environment,
  scheme: 'tcp' | 'http' | 'https',
  verify: boolean,
  certPath: string,
): TlsOptions | AddressProblem | undefined {
  if (certPath !== '') return { verify, certPath };
  if (verify) {
    const home = env['HOME'] ?? '';
    if (home !== '') return { verify, certPath: `${home.replace(/\/+$/, '')}/.docker` };
    const reason =
      'DOCKER_TLS_VERIFY is set and there is no HOME to look for .docker in; set it to the folder with the certificates';
    return { variable: 'DOCKER_CERT_PATH', value: undefined, reason };
  }
  // https:// without any of Docker's variables is plain HTTPS: verified against the system's authorities.
  return scheme === 'https' ? { verify: true, certPath: undefined } : undefined;
}

/** Docker clients take any value for "yes", which surprises those who wrote "no". */
function verifyWarnings(value: string): readonly AddressProblem[] {
  if (!['0', 'false', 'no', 'off'].includes(value.trim().toLowerCase())) return [];
  const reason =
    'every value but the empty one switches verification on, as in every Docker client; unset it to switch it off';
  return [{ variable: 'DOCKER_TLS_VERIFY', value, reason }];
}

/** Anyone who can reach an engine's port without TLS is root on its host. If we can, others probably can. */
function plainWarning(value: string, host: string): AddressProblem {
  const who = isLoopback(host)
    ? 'every process and every host-network container here'
    : 'anyone who can reach it over the network';
  const reason = `the engine answers without TLS, so ${who} can act as root on its host; use the socket (unix://), or TLS (DOCKER_TLS_VERIFY, DOCKER_CERT_PATH)`;
  return { variable: 'DOCKER_HOST', value, reason };
}

type Target =
  | { readonly scheme: 'unix'; readonly path: string }
  | ({ readonly scheme: 'ssh' } & Pick<SshAddress, 'host' | 'user' | 'port' | 'path'>)
  | {
      readonly scheme: 'tcp' | 'http' | 'https';
      readonly host: string;
      readonly port: number | undefined;
    }
  | { readonly refused: string };

const expected = 'expected unix:///path/to/socket, tcp://host:port or ssh://user@host';

function readHost(text: string): Target {
  const separator = text.indexOf('://');
  if (separator === -1) return readBare(text);
  const scheme = text.slice(0, separator).toLowerCase();
  const rest = text.slice(separator + 3);
  switch (scheme) {
    case 'unix':
      return readSocketPath(rest);
    case 'tcp':
    case 'http':
    case 'https':
      return readAuthority(scheme, rest);
    case 'ssh':
      return readSsh(rest);
    case 'npipe':
      return { refused: `npipe:// is for Windows and is not supported; ${expected}` };
    default:
      return { refused: expected };
  }
}

function readBare(text: string): Target {
  if (text.startsWith('/')) return { refused: `${expected}; for this socket write unix://${text}` };
  const target = readAuthority('tcp', text);
  return 'refused' in target || ('port' in target && target.port === undefined)
    ? { refused: expected }
    : target;
}

const sshPattern =
  /^(?:(?<user>[^@:/]+)@)?(?:\[(?<ipv6>[^\][]*)\]|(?<name>[a-z0-9._-]+))(?::(?<port>\d+))?(?<path>\/.*)?$/i;

/** As the docker command has it: `ssh://[user@]host[:port][/path/to/socket]`. Passwords are refused. */
function readSsh(rest: string): Target {
  const form = 'expected ssh://user@host, ssh://user@host:port or ssh://user@host/path/to/socket';
  const groups = sshPattern.exec(rest)?.groups;
  if (groups === undefined)
    return { refused: /^[^@/]*:[^@/]*@/.test(rest) ? `${form}, without a password` : form };
  const { user, ipv6, name, port: portText, path } = groups;
  const host = ipv6 ?? name ?? '';
  // ssh would read it as an option.
  if (host.startsWith('-') || user?.startsWith('-') === true) return { refused: form };
  if (ipv6 !== undefined && !isIPv6(ipv6)) return { refused: 'expected an IPv6 address within the brackets' };
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && (port < 1 || port > 65_535))
    return { refused: 'expected a port from 1 to 65535' };
  // The shell there reads it.
  if (path !== undefined && path !== '/' && !/^[\w./@:+-]+$/.test(path))
    return { refused: 'expected a path of letters, digits and ._-/@:+ after the host' };
  return { scheme: 'ssh', host, user, port, path: path === '/' ? undefined : path };
}

function readSocketPath(path: string): Target {
  if (path === '') return { scheme: 'unix', path: defaultSocketPath };
  if (!path.startsWith('/'))
    return { refused: `expected an absolute path, so three slashes: unix:///${path}` };
  return new TextEncoder().encode(path).length > longestSocketPathBytes
    ? { refused: `expected a socket path of at most ${longestSocketPathBytes} bytes` }
    : { scheme: 'unix', path };
}

const authority = /^(?:\[(?<ipv6>[^\][]*)\]|(?<name>[a-z0-9._-]*))(?::(?<port>\d*))?$/i;

function readAuthority(scheme: 'tcp' | 'http' | 'https', rest: string): Target {
  if (rest.includes('@')) return { refused: `a user name or password is not supported; ${expected}` };
  const slash = rest.indexOf('/');
  if (slash !== -1 && slash !== rest.length - 1) {
    return { refused: `a path after the port is not supported; ${expected}` };
  }
  const groups = authority.exec(rest.replace(/\/$/, ''))?.groups;
  if (groups === undefined) {
    return { refused: `${expected}; an IPv6 address goes in brackets, as in tcp://[::1]:2375` };
  }
  const { ipv6, name, port: portText = '' } = groups;
  if (ipv6 !== undefined && !isIPv6(ipv6)) return { refused: 'expected an IPv6 address within the brackets' };
  const port = portText === '' ? undefined : Number(portText);
  if (port !== undefined && (port < 1 || port > 65_535)) {
    return { refused: 'expected a port from 1 to 65535' };
  }
  if (port === undefined && scheme !== 'tcp')
    return { refused: `expected a port, as in ${scheme}://host:port` };
  const host = ipv6 ?? name ?? '';
  if (host !== '') return { scheme, host, port };
  return port === undefined ? { refused: expected } : { scheme, host: 'localhost', port };
}

function hostProblem(host: string, reason: string): AddressResult {
  return { ok: false, problem: { variable: 'DOCKER_HOST', value: hidden(host), reason } };
}

/** A password in the address is refused; it must not reach a log on the way. */
function hidden(host: string): string {
  return host.replace(/^([^/]*:\/\/)?.*@/s, '$1***@');
}
