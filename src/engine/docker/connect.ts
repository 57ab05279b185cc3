/** The first requests to an engine: is it one, which API version do both know, what does it report of itself. */
import { EngineError, type EngineInfo } from '../engine.ts';
import { engineMessage, readJson, refusal } from './answers.ts';
import { type Dialect, dialectOf, storeDirectoryOf } from './dialect.ts';
import type { HttpAnswer, HttpClient } from './http/client.ts';
import { chooseApiVersion } from './negotiate.ts';
import { infoSchema, versionSchema, type InfoAnswer, type VersionAnswer } from './schemas.ts';

/**
 * Three requests that cost the engine nothing: `/_ping` (with the API version since 1.25), `/version`, `/info`.
 * Socket proxies often allow the first two only; what a forbidden request would have answered is unknown.
 * @throws EngineError; `protocol` when that is not a Docker Engine API, or there is no common API version.
 */
export async function connect(
  client: HttpClient,
  signal: AbortSignal,
): Promise<{ readonly info: EngineInfo; readonly dialect: Dialect }> {
  const ping = await client.request({ method: 'GET', path: '/_ping' }, signal);
  if (isAway(ping)) throw refusal(ping);
  const pinged = ping.status === 200 ? header(ping, 'api-version') : undefined;

  const version = await client.request({ method: 'GET', path: '/version' }, signal);
  const told = readVersion(version, pinged !== undefined);
  const newest = pinged ?? told?.ApiVersion;
  if (!newest) throw notAnEngine(version);

  const choice = chooseApiVersion({ newest, oldest: told?.MinAPIVersion || undefined });
  if (!choice.ok) throw new EngineError('protocol', `${client.endpoint}: ${choice.problem}`);

  const info = readInfo(await client.request({ method: 'GET', path: `/v${choice.apiVersion}/info` }, signal));
  return {
    info: {
      name: engineName(told),
      version: told?.Version || info?.ServerVersion || 'unknown',
      apiVersion: choice.apiVersion,
      rootDirectory: info?.DockerRootDir || undefined,
      storageDriver: info?.Driver || undefined,
      hostName: info?.Name || undefined,
      storeDirectory: storeDirectoryOf(info),
      endpoint: client.endpoint,
    },
    dialect: dialectOf(told, info?.Driver),
  };
}

/** @param isEngine `/_ping` has already shown that this is an engine. */
function readVersion(answer: HttpAnswer, isEngine: boolean): VersionAnswer | undefined {
  if (answer.status !== 200) {
    if (isEngine && isForbidden(answer)) return undefined;
    throw isEngine || isForbidden(answer) || isAway(answer) ? refusal(answer) : notAnEngine(answer);
  }
  try {
    return readJson(versionSchema, answer);
  } catch (error) {
    throw isEngine ? error : notAnEngine(answer);
  }
}

function readInfo(answer: HttpAnswer): InfoAnswer | undefined {
  if (isForbidden(answer)) return undefined;
  if (answer.status !== 200) throw refusal(answer);
  return readJson(infoSchema, answer);
}

function notAnEngine(answer: HttpAnswer): EngineError {
  const said = engineMessage(answer);
  // What every server written in Go says on its TLS port; Docker Engine among them.
  const advice = said.includes('HTTP request to an HTTPS server')
    ? 'Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH.'
    : 'Is DOCKER_HOST the address of a container engine?';
  return new EngineError(
    'protocol',
    `${answer.question}: what answers there is not a Docker Engine API (status ${String(answer.status)}: ${said}). ${advice}`,
    { status: answer.status },
  );
}

/** Podman says `Podman Engine` in the first component, Docker `Engine`. */
function engineName(version: VersionAnswer | undefined): string {
  const name = version?.Components?.[0]?.Name;
  return !name || name === 'Engine' ? 'Docker Engine' : name;
}

function header(answer: HttpAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isAway(answer: HttpAnswer): boolean {
  return answer.status >= 502 && answer.status <= 504;
}

function isForbidden(answer: HttpAnswer): boolean {
  return answer.status === 401 || answer.status === 403;
}
