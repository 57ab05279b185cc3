/** Where the HTTP server listens: `host:port`, `:port` for every address of the host, `[IPv6]:port`. */
import { isIPv4, isIPv6 } from 'node:net';
import { accepted, refused, type ValueKind } from './values.ts';

export interface ListenAddress {
  /** Without brackets; undefined: every address that the host has. */
  readonly host: string | undefined;
  /** 0: any that is free; the log says which. */
  readonly port: number;
}

const allowed = '`host:port`, `:port` (every address of the host) or `[IPv6 address]:port`';
/** A name of RFC 1123; IPv4 addresses match too. */
const hostName = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/i;

export function listenAddress(): ValueKind<ListenAddress> {
  return {
    placeholder: 'address',
    allowed,
    parse: (text) => {
      const [, written, digits] = /^(.*):(\d{1,5})$/.exec(text.trim()) ?? [];
      const port = Number(digits);
      if (written === undefined || !(port <= 65_535))
        return refused(`expected ${allowed}, with a port up to 65535`);
      if (written === '') return accepted({ host: undefined, port });
      const inBrackets = /^\[(.*)\]$/.exec(written)?.[1];
      if (inBrackets !== undefined)
        return isIPv6(inBrackets) ? accepted({ host: inBrackets, port }) : refused(`expected ${allowed}`);
      const looksLikeIPv4 = /^[\d.]+$/.test(written);
      const fits = looksLikeIPv4 ? isIPv4(written) : hostName.test(written);
      return fits ? accepted({ host: written, port }) : refused(`expected ${allowed}`);
    },
  };
}

/** As it stands in a URL. */
export function addressText({ host, port }: ListenAddress): string {
  return `${host === undefined ? '' : isIPv6(host) ? `[${host}]` : host}:${port}`;
}
