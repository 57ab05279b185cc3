/** Docker contexts as files on the disk, as Docker's own client writes them. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dockerContext } from '../../../../src/engine/connect/context.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'context-'));
});

afterEach(() => {
  rmSync(home, { recursive: true });
});

const idOf = (name: string): string => createHash('sha256').update(name).digest('hex');

function write(path: string, content: string): void {
  const whole = join(home, '.docker', path);
  mkdirSync(join(whole, '..'), { recursive: true });
  writeFileSync(whole, content);
}

function context(name: string, docker: object, files: readonly string[] = []): void {
  write(
    `contexts/meta/${idOf(name)}/meta.json`,
    JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker } }),
  );
  for (const file of files) write(`contexts/tls/${idOf(name)}/docker/${file}`, 'x');
}

const problem = async (env: Readonly<Record<string, string>> = {}): Promise<string> => {
  const result = await dockerContext({ HOME: home, ...env });
  if (result === undefined || result.ok) throw new Error('it was not refused');
  expect(result.problem.reason).not.toContain('\n');
  return `${result.problem.variable}=${String(result.problem.value)}: ${result.problem.reason}`;
};

describe('which context', () => {
  it('is none without files, with an empty config, and for the name default', async () => {
    expect(await dockerContext({ HOME: home })).toBeUndefined();
    expect(await dockerContext({})).toBeUndefined();
    write('config.json', '{"auths":{}}');
    expect(await dockerContext({ HOME: home })).toBeUndefined();
    write('config.json', '{"currentContext":"default"}');
    expect(await dockerContext({ HOME: home })).toBeUndefined();
  });

  it('is currentContext; DOCKER_CONTEXT wins over it, DOCKER_CONFIG names another folder', async () => {
    context('one', { Host: 'unix:///one.sock' });
    context('two', { Host: 'tcp://127.0.0.1:1' });
    write('config.json', '{"currentContext":"one"}');
    expect(await dockerContext({ HOME: home })).toMatchObject({
      address: { kind: 'unix', path: '/one.sock', namedBy: 'the context one' },
      why: `context one (currentContext of ${home}/.docker/config.json)`,
    });
    expect(await dockerContext({ HOME: home, DOCKER_CONTEXT: 'two' })).toMatchObject({
      address: { kind: 'tcp', host: '127.0.0.1', port: 1, tls: undefined },
      why: 'context two (DOCKER_CONTEXT)',
      warnings: [{ variable: 'DOCKER_HOST' }],
    });
    expect(await dockerContext({ HOME: home, DOCKER_CONTEXT: 'default' })).toBeUndefined();
    expect(await dockerContext({ HOME: '/nowhere', DOCKER_CONFIG: `${home}/.docker` })).toMatchObject({
      address: { path: '/one.sock' },
    });
  });

  it('is connected to with the TLS files that it has', async () => {
    context('tls', { Host: 'tcp://far:2376' }, ['ca.pem', 'cert.pem', 'key.pem']);
    const certPath = `${home}/.docker/contexts/tls/${idOf('tls')}/docker`;
    expect(await dockerContext({ HOME: home, DOCKER_CONTEXT: 'tls' })).toMatchObject({
      address: { tls: { verify: true, certPath, files: ['ca.pem', 'cert.pem', 'key.pem'] } },
    });
    context('ca', { Host: 'tcp://far', SkipTLSVerify: true }, ['ca.pem']);
    expect(await dockerContext({ HOME: home, DOCKER_CONTEXT: 'ca' })).toMatchObject({
      address: { port: 2376, tls: { verify: false, files: ['ca.pem'] } },
    });
  });
});

describe('a context that cannot be used is one line that says what to do', () => {
  it('unknown, damaged, without a key', async () => {
    expect(await problem({ DOCKER_CONTEXT: 'typo' })).toMatch(/^DOCKER_CONTEXT=typo: no such context/);
    write('config.json', '{"currentContext":"gone"}');
    expect(await problem()).toMatch(/^currentContext=gone: no such context/);
    context('half', { Host: 'tcp://far:2376' }, ['ca.pem', 'cert.pem']);
    expect(await problem({ DOCKER_CONTEXT: 'half' })).toContain('key.pem is missing beside cert.pem');
    context('odd', { Host: 'npipe://x' });
    expect(await problem({ DOCKER_CONTEXT: 'odd' })).toContain('npipe:// is for Windows');
    context('none', {});
    write(`contexts/meta/${idOf('none')}/meta.json`, '{"Name":"none","Endpoints":{}}');
    expect(await problem({ DOCKER_CONTEXT: 'none' })).toContain('is not a context with a docker endpoint');
  });

  it.each(['', '{', '"x"', '{"currentContext":7}'])('a config.json that is %j', async (content) => {
    write('config.json', content);
    expect(await problem()).toMatch(/^DOCKER_CONFIG=.*config\.json: .*repair it, or set DOCKER_HOST$/);
  });

  it('a config.json that is a folder', async () => {
    mkdirSync(join(home, '.docker/config.json'), { recursive: true });
    chmodSync(home, 0o700);
    expect(await problem()).toContain('cannot be read');
  });
});
