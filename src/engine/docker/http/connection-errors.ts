/**
 * Turns what the network layer throws into the project's EngineError: which kind it is, and what a person can do.
 * Decides by error codes only, never by message texts, except where Node gives no code.
 */
import type { EngineAddress } from '../../address.ts';
import { EngineError, type EngineErrorCode } from '../../engine.ts';

interface Diagnosis {
  readonly code: EngineErrorCode;
  readonly says: string;
  /** There was no connection, so the request does not matter. */
  readonly isUnconnected?: true;
}

/**
 * @param question request and address: the beginning of the message once connected.
 * @param endpoint the engine's address, without secrets.
 */
export function connectionError(
  cause: unknown,
  question: string,
  endpoint: string,
  address: EngineAddress,
): EngineError {
  const { code, says, isUnconnected } = verdict(cause, address);
  const what = isUnconnected === true ? `cannot connect to the engine at ${endpoint}` : question;
  return new EngineError(code, `${what}: ${says}`, { cause });
}

function verdict(cause: unknown, address: EngineAddress): Diagnosis {
  const code = errorCode(cause);
  if (cause instanceof Error && cause.name === 'SshError') {
    return unreachable(
      `${message(cause).replace(/\.$/, '')}. ssh must log in without prompting, and "docker system dial-stdio" must work on that host.`,
    );
  }
  if (code?.startsWith('HPE_') === true) {
    return protocol(
      'what answers there does not speak HTTP. Is DOCKER_HOST the address of a container engine?',
    );
  }
  if (isTlsTrouble(code)) {
    return {
      code: 'denied',
      says: `the TLS handshake failed (${message(cause)}). Check that ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH belong to this engine.`,
    };
  }
  switch (code ?? '') {
    case 'ENOENT':
      return unconnected(`no such socket. ${whereIsIt(address)}`);
    case 'ENOTDIR':
    case 'ENOTSOCK':
      return unconnected(`not a socket. ${whereIsIt(address)}`);
    case 'ECONNREFUSED':
      return unconnected(`nothing listens there. ${whereIsIt(address)}`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return unconnected(`the host name cannot be resolved (${String(code)}). Check DOCKER_HOST.`);
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'denied',
        says: "no permission to use the socket. Run as root or as a member of the socket's group.",
        isUnconnected: true,
      };
    case 'EPROTO':
      return protocol(
        `the other side does not speak TLS (${message(cause)}). Unset DOCKER_TLS_VERIFY and DOCKER_CERT_PATH if the engine listens without TLS.`,
      );
    case 'ECONNRESET':
    case 'EPIPE':
      return unreachable(
        `the connection was lost before the answer was complete (${String(code)}). The engine was stopped or restarted, or something in between cut it; the request may still have been carried out.`,
      );
    default:
      return unreachable(`${message(cause)}. ${whereIsIt(address)}`);
  }
}

/** OpenSSL's and Node's codes for a certificate that one side does not accept. A server without TLS gives EPROTO. */
function isTlsTrouble(code: string | undefined): boolean {
  if (code === undefined) return false;
  return (
    /CERT|SIGNATURE|ISSUER/.test(code) ||
    code.startsWith('ERR_TLS_') ||
    (code.startsWith('ERR_SSL_') && /ALERT/.test(code)) ||
    code.startsWith('ERR_OSSL_')
  );
}

function whereIsIt(address: EngineAddress): string {
  const by = address.namedBy ?? 'DOCKER_HOST';
  return address.kind === 'unix'
    ? `Is the engine running, is its socket mounted into this container, does ${by} name the right path?`
    : `Is the engine running and reachable from here, does ${by} name the right host and port?`;
}

function unconnected(says: string): Diagnosis {
  return { code: 'unreachable', says, isUnconnected: true };
}

function unreachable(says: string): Diagnosis {
  return { code: 'unreachable', says };
}

function protocol(says: string): Diagnosis {
  return { code: 'protocol', says };
}

function errorCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  const { code } = cause;
  if (typeof code !== 'string') return undefined;
  // OpenSSL says this of a peer that answers a TLS hello in another protocol; older Node versions say EPROTO.
  return code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG'
    ? 'EPROTO'
    : code;
}

function message(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(message).join('; ');
  const text = cause instanceof Error ? cause.message : String(cause);
  // OpenSSL says `…:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:../file.c:1601:…`.
  return /:SSL routines:[^:]*:([^:]+):/.exec(text)?.[1] ?? text.replace(/\s+/g, ' ').trim();
}
