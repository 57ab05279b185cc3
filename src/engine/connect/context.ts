/**
 * Docker contexts: the engine that Docker's own client would talk to when DOCKER_HOST is unset. As in docker/cli:
 * DOCKER_CONTEXT, else `currentContext` of `config.json` in DOCKER_CONFIG (`~/.docker`); `default` is the socket. Reads small
 * files, connects to nothing.
 */
import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { type AddressProblem, contextAddress, type EngineAddress, type TlsOptions } from '../address.ts';
import { errnoOf } from '../../system/errno.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export type ContextResult =
  | {
      readonly ok: true;
      readonly address: EngineAddress;
      /** For people: which context, and who names it. */
      readonly why: string;
      readonly warnings: readonly AddressProblem[];
    }
  | { readonly ok: false; readonly problem: AddressProblem };

const configShape = v.object({ currentContext: v.nullish(v.string()) });
const metaShape = v.object({
  Endpoints: v.object({
    docker: v.object({ Host: v.nullish(v.string()), SkipTLSVerify: v.nullish(v.boolean()) }),
  }),
});

/** The context that is chosen; undefined where it is Docker's default. DOCKER_HOST is the caller's: it wins over this. */
export async function dockerContext(env: Environment): Promise<ContextResult | undefined> {
  const folder = configFolder(env);
  const named = (env['DOCKER_CONTEXT'] ?? '').trim();
  if (named === 'default') return undefined;
  if (named !== '') {
    const choice = { name: named, variable: 'DOCKER_CONTEXT', why: 'DOCKER_CONTEXT' };
    return folder === undefined
      ? refused(choice, 'there is no HOME to look for .docker in; set DOCKER_CONFIG to that folder')
      : await readContext(folder, choice);
  }
  if (folder === undefined) return undefined;
  const path = join(folder, 'config.json');
  const text = await read(path);
  if (text === undefined) return undefined;
  const config = typeof text === 'string' ? parsed(configShape, text) : text;
  if (config instanceof Error || config === undefined) {
    const what = config instanceof Error ? config.message : 'it is not a JSON object as Docker writes it';
    const reason = `it may name the engine (currentContext) and cannot be read: ${what}; repair it, or set DOCKER_HOST`;
    return { ok: false, problem: { variable: 'DOCKER_CONFIG', value: path, reason } };
  }
  const current = config.currentContext ?? '';
  if (current === '' || current === 'default') return undefined;
  return await readContext(folder, {
    name: current,
    variable: 'currentContext',
    why: `currentContext of ${path}`,
  });
}

function configFolder(env: Environment): string | undefined {
  const folder = env['DOCKER_CONFIG'] ?? '';
  if (folder !== '') return folder;
  const home = env['HOME'] ?? '';
  return home === '' ? undefined : join(home, '.docker');
}

interface ChosenContext {
  readonly name: string;
  /** What named it, for errors. */
  readonly variable: string;
  readonly why: string;
}

async function readContext(folder: string, choice: ChosenContext): Promise<ContextResult> {
  // docker/cli keeps each in a folder that is named by the name's digest.
  const id = createHash('sha256').update(choice.name).digest('hex');
  const path = join(folder, 'contexts/meta', id, 'meta.json');
  const text = await read(path);
  if (text === undefined)
    return refused(choice, `no such context in ${folder}/contexts; "docker context ls" lists them`);
  if (text instanceof Error) return refused(choice, `${path} cannot be read: ${text.message}`);
  const meta = parsed(metaShape, text);
  if (meta === undefined) return refused(choice, `${path} is not a context with a docker endpoint`);
  const { Host: host, SkipTLSVerify: skipsVerify } = meta.Endpoints.docker;
  const tls = await readTls(join(folder, 'contexts/tls', id, 'docker'), skipsVerify === true);
  if (typeof tls === 'string') return refused(choice, tls);
  const result = contextAddress(host ?? '', tls, `the context ${choice.name}`);
  if (!result.ok) return refused(choice, result.problem.reason);
  const why = `context ${choice.name} (${choice.why})`;
  return { ok: true, address: result.address, why, warnings: result.warnings };
}

/** The context's TLS files, where it has any; a sentence where they cannot be used. */
async function readTls(folder: string, skipsVerify: boolean): Promise<TlsOptions | string | undefined> {
  const names = ['ca.pem', 'cert.pem', 'key.pem'] as const;
  const there: (typeof names)[number][] = [];
  for (const name of names) {
    try {
      await access(join(folder, name));
      there.push(name);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR')
        return `${join(folder, name)} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  const [certificate, key] = [there.includes('cert.pem'), there.includes('key.pem')];
  if (certificate !== key)
    return `${join(folder, certificate ? 'key.pem' : 'cert.pem')} is missing beside ${certificate ? 'cert.pem' : 'key.pem'}`;
  if (there.length === 0 && !skipsVerify) return undefined;
  return { verify: !skipsVerify, certPath: there.length === 0 ? undefined : folder, files: there };
}

function refused({ variable, name }: ChosenContext, reason: string): ContextResult {
  return { ok: false, problem: { variable, value: name, reason } };
}

/** Undefined where the file does not exist. */
async function read(path: string): Promise<string | Error | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    return error instanceof Error ? error : new Error(String(error));
  }
}

function parsed<T>(shape: v.GenericSchema<unknown, T>, text: string): T | undefined {
  try {
    const result = v.safeParse(shape, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    // Not JSON.
    return undefined;
  }
}
