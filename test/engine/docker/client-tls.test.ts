/** The Docker adapter over TCP with TLS, against a real engine started with --tlsverify and a CA made here. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EngineAddress } from '../../../src/engine/address.ts';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { startDockerEngine, type DockerEngine } from '../../../harness/engine/docker-engine.ts';
import { commandPath, ensureCommands } from '../../../harness/machine/packages.ts';
import { freePort } from '../../../harness/engine/registry.ts';
import { createWorkspace, type Workspace } from '../../../harness/machine/workspace.ts';

const { signal } = new AbortController();
let workspace: Workspace;
let real: DockerEngine;
let port: number;

beforeAll(async () => {
  await ensureCommands(['openssl']);
  workspace = createWorkspace();
  makeCa('ca');
  makeCa('stranger');
  makeCertificate('server', 'ca', 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth');
  makeCertificate('client', 'ca', 'extendedKeyUsage=clientAuth');
  makeCertificate('intruder', 'stranger', 'extendedKeyUsage=clientAuth');
  makeCertPath('good', 'ca', 'client');
  makeCertPath('wrong-ca', 'stranger', 'client');
  makeCertPath('wrong-client', 'ca', 'intruder');
  makeCertPath('wrong-key', 'ca', 'client');
  copyFileSync(path('intruder.key'), path('wrong-key/key.pem'));
  makeCertPath('incomplete', 'ca', 'client');
  rmSync(path('incomplete/key.pem'));
  port = await freePort();
  const flags = ['--host', `tcp://127.0.0.1:${String(port)}`, '--tlsverify'];
  flags.push('--tlscacert', path('ca.crt'), '--tlscert', path('server.crt'), '--tlskey', path('server.key'));
  real = await startDockerEngine({ flags });
});

afterAll(async () => {
  await real.dispose();
  workspace.dispose();
});

function path(name: string): string {
  return join(workspace.path, name);
}

function openssl(...args: string[]): void {
  const result = spawnSync(commandPath('openssl'), args, { cwd: workspace.path, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`openssl ${args.join(' ')}: ${result.stderr}`);
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function makeCa(name: string): void {
  openssl('req', '-x509', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.crt`);
}

function makeCertificate(name: string, ca: string, extensions: string): void {
  openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
  writeFileSync(path(`${name}.ext`), extensions);
  const signedBy = ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial'];
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    ...signedBy,
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.crt`,
  );
}

/** A folder as DOCKER_CERT_PATH has it. */
function makeCertPath(name: string, ca: string, client: string): void {
  mkdirSync(path(name));
  copyFileSync(path(`${ca}.crt`), path(`${name}/ca.pem`));
  copyFileSync(path(`${client}.crt`), path(`${name}/cert.pem`));
  copyFileSync(path(`${client}.key`), path(`${name}/key.pem`));
}

function engineAt(certPath: string, options: { verify?: boolean; host?: string } = {}): Engine {
  const { verify = true, host = '127.0.0.1' } = options;
  const address: EngineAddress = { kind: 'tcp', host, port, tls: { verify, certPath: path(certPath) } };
  return createDockerEngine(address, { timeoutMs: 60_000 });
}

test('both sides verified', async () => {
  const engine = engineAt('good');
  expect(await engine.connect(signal)).toMatchObject({
    name: 'Docker Engine',
    rootDirectory: real.dataRoot,
    endpoint: `tcp://127.0.0.1:${String(port)}`,
  });
  expect(await engine.listImages(signal)).toEqual([]);
});

test('an engine whose certificate is of another CA is refused, unless it need not be verified', async () => {
  await expect(engineAt('wrong-ca').connect(signal)).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringMatching(/TLS handshake failed.*DOCKER_CERT_PATH/) as string,
  });
  expect(await engineAt('wrong-ca', { verify: false }).connect(signal)).toMatchObject({
    name: 'Docker Engine',
  });
});

test("an engine whose certificate is for another host's name is refused", async () => {
  await expect(engineAt('good', { host: 'localhost' }).connect(signal)).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringMatching(/TLS handshake failed/) as string,
  });
});

test('a client certificate of another CA is refused by the engine', async () => {
  await expect(engineAt('wrong-client').connect(signal)).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringMatching(/TLS handshake failed.*DOCKER_CERT_PATH/) as string,
  });
});

test("a key that is not the certificate's", async () => {
  await expect(engineAt('wrong-key').connect(signal)).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringMatching(/key values mismatch.*DOCKER_CERT_PATH/) as string,
  });
});

test('a missing file is named', async () => {
  await expect(engineAt('incomplete').connect(signal)).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(/cannot read .*incomplete\/key\.pem.*ENOENT.*DOCKER_CERT_PATH/) as string,
  });
});

test('without TLS, a port that wants it', async () => {
  const address: EngineAddress = { kind: 'tcp', host: '127.0.0.1', port, tls: undefined };
  await expect(createDockerEngine(address, { timeoutMs: 60_000 }).connect(signal)).rejects.toMatchObject({
    code: 'protocol',
    message: expect.stringMatching(/HTTPS server.*Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH/) as string,
  });
});

test('with TLS, a port that has none', async () => {
  const plainPort = await freePort();
  await using plain = await startDockerEngine({ flags: ['--host', `tcp://127.0.0.1:${String(plainPort)}`] });
  const tls = { verify: true, certPath: path('good') };
  const address: EngineAddress = { kind: 'tcp', host: '127.0.0.1', port: plainPort, tls };
  await expect(createDockerEngine(address, { timeoutMs: 60_000 }).connect(signal)).rejects.toMatchObject({
    code: 'protocol',
    message: expect.stringMatching(/does not speak TLS.*Unset DOCKER_TLS_VERIFY/) as string,
  });
  const withoutTls: EngineAddress = { ...address, tls: undefined };
  const engine = createDockerEngine(withoutTls, { timeoutMs: 60_000 });
  expect(await engine.connect(signal)).toMatchObject({ rootDirectory: plain.dataRoot });
});
