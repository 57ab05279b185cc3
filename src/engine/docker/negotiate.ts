/** Which version of the Docker Engine API to use: the newest that both sides know. Pure. */

/** The newest version this adapter was verified against (Docker Engine 28.5); a newer engine is asked in this one. */
export const NEWEST_API_VERSION = '1.51';

/** The oldest that this adapter supports (Docker Engine 1.12): container lists carry `ImageID` and `State`. */
export const OLDEST_API_VERSION = '1.24';

/** The versions an engine accepts; the minimum is reported since API 1.25. */
export interface ApiVersionRange {
  readonly newest: string;
  readonly oldest: string | undefined;
}

export type NegotiatedVersion =
  | { readonly ok: true; readonly apiVersion: string }
  /** A whole sentence: who is too old or too new, and what to do. */
  | { readonly ok: false; readonly problem: string };

export function chooseApiVersion(server: ApiVersionRange): NegotiatedVersion {
  const newest = parse(server.newest);
  const oldest = server.oldest === undefined ? undefined : parse(server.oldest);
  if (newest === undefined || (server.oldest !== undefined && oldest === undefined)) {
    const told = newest === undefined ? server.newest : String(server.oldest);
    return { ok: false, problem: `the engine reports an invalid API version: ${JSON.stringify(told)}.` };
  }
  if (compareApiVersions(server.newest, OLDEST_API_VERSION) < 0) {
    return {
      ok: false,
      problem: `the engine speaks API ${server.newest} at most; this program needs ${OLDEST_API_VERSION} (Docker Engine 1.12) or newer. Upgrade the engine.`,
    };
  }
  if (server.oldest !== undefined && compareApiVersions(server.oldest, NEWEST_API_VERSION) > 0) {
    return {
      ok: false,
      problem: `the engine speaks API ${server.oldest} at least, this tool knows ${NEWEST_API_VERSION} at most. Upgrade docker-image-cleaner.`,
    };
  }
  const ours = compareApiVersions(server.newest, NEWEST_API_VERSION) > 0;
  return { ok: true, apiVersion: ours ? NEWEST_API_VERSION : server.newest };
}

/** Negative when a is older than b. Versions that cannot be read count as the oldest. */
export function compareApiVersions(a: string, b: string): number {
  const [aMajor, aMinor] = parse(a) ?? [0, 0];
  const [bMajor, bMinor] = parse(b) ?? [0, 0];
  return aMajor - bMajor || aMinor - bMinor;
}

/**
 * Whether an answer is the engine's refusal of the version in the path; it has no status of its own (400), only its
 * text. The texts of Docker Engine 1.12 to 28; some are JSON, some plain text.
 */
export function isVersionRefusal(status: number, message: string): boolean {
  return (
    status === 400 && /client version \S+ is too (new|old)|client is (newer|older) than server/i.test(message)
  );
}

function parse(version: string): readonly [number, number] | undefined {
  const match = /^(\d{1,4})\.(\d{1,4})$/.exec(version);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}
