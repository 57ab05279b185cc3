/** What an engine's HTTP answer means: JSON of a known shape, or an error of a known kind. */
import * as v from 'valibot';
import { EngineError, type EngineErrorCode } from '../engine.ts';
import type { HttpAnswer } from './http/client.ts';
import { isVersionRefusal } from './negotiate.ts';
import { errorSchema } from './schemas.ts';

/** @throws EngineError `protocol` when the answer is not JSON or not of that shape. */
export function readJson<T>(schema: v.GenericSchema<unknown, T>, answer: HttpAnswer): T {
  let json: unknown;
  try {
    json = JSON.parse(answer.text);
  } catch (cause) {
    throw new EngineError('protocol', `${answer.question}: the answer is not JSON: ${excerpt(answer.text)}`, {
      status: answer.status,
      cause,
    });
  }
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const where = v.getDotPath(issue) ?? 'the whole';
  throw new EngineError(
    'protocol',
    `${answer.question}: the answer does not have the shape of the Docker Engine API (${where}: ${issue.message}). Please report this with the engine's version.`,
    { status: answer.status },
  );
}

/** The error for an answer whose status says that what was asked was not done. */
export function refusal(answer: HttpAnswer): EngineError {
  const said = engineMessage(answer);
  const code = refusalCode(answer.status, said);
  return new EngineError(
    code,
    `${answer.question}: answered ${String(answer.status)}: ${said}${adviceFor(code, answer)}`,
    { status: answer.status },
  );
}

/**
 * Whether the engine knows no such thing. A 404 without the engine's JSON is from something else, such as a proxy
 * with other paths, and means nothing.
 */
export function isNotFound(answer: HttpAnswer): boolean {
  return answer.status === 404 && jsonMessage(answer) !== undefined;
}

/** The engine's own words. It gives errors as JSON, some of them (and every proxy's) as plain text. */
export function engineMessage(answer: HttpAnswer): string {
  return excerpt(jsonMessage(answer) ?? answer.text);
}

function jsonMessage(answer: HttpAnswer): string | undefined {
  try {
    const result = v.safeParse(errorSchema, JSON.parse(answer.text));
    return result.success ? result.output.message : undefined;
  } catch (error) {
    // Not JSON: plain text, which is a valid form of an error.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function refusalCode(status: number, said: string): EngineErrorCode {
  if (status === 401 || status === 403) return 'denied';
  if (status === 502 || status === 503) return 'unreachable';
  if (status === 504) return 'timeout';
  if (status < 400 || isVersionRefusal(status, said)) return 'protocol';
  return 'failed';
}

/** The engine's own errors are JSON: then it is there, and what it needs is not. */
function adviceFor(code: EngineErrorCode, answer: HttpAnswer): string {
  if (code === 'unreachable' && jsonMessage(answer) !== undefined)
    return ' (The engine is running, but something that it needs, such as containerd, is not.)';
  return advice[code];
}

const advice: Record<EngineErrorCode, string> = {
  denied: ' (Allow this request in the authorization plugin or socket proxy in front of the engine.)',
  unreachable: ' (A proxy answered; the engine behind it did not.)',
  timeout: ' (A proxy gave up waiting; the engine may still be working on it.)',
  protocol: ' (The engine may have been replaced by another version: connect again.)',
  failed: '',
};

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line === '') return '(nothing)';
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
}
