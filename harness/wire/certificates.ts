/** A certificate authority of the harness's own, made with openssl: Node can read certificates, not make them. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandPath, ensureCommands } from '../machine/packages.ts';

export interface KeyPair {
  readonly keyPath: string;
  readonly certPath: string;
  readonly key: string;
  readonly cert: string;
}

export interface Authority extends KeyPair {
  /** Signs a new key pair. `names` as in openssl's subjectAltName, e.g. `IP:127.0.0.1`. */
  sign(name: string, subject: string, names?: readonly string[]): KeyPair;
}

function openssl(...args: string[]): void {
  const result = spawnSync(commandPath('openssl'), args, { encoding: 'utf8' });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new Error(`openssl ${args.join(' ')}: ${result.stderr}`);
}

function pair(folder: string, name: string): KeyPair {
  const keyPath = join(folder, `${name}.key`);
  const certPath = join(folder, `${name}.crt`);
  return { keyPath, certPath, key: readFileSync(keyPath, 'utf8'), cert: readFileSync(certPath, 'utf8') };
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes an authority whose files lie in the folder; certificates last two days. */
export async function createAuthority(folder: string): Promise<Authority> {
  await ensureCommands(['openssl']);
  const file = (name: string): string => join(folder, name);
  const out = ['-keyout', file('ca.key'), '-out', file('ca.crt')];
  openssl('req', '-x509', ...newKey, ...out, '-subj', '/CN=test-authority', '-days', '2');
  return {
    ...pair(folder, 'ca'),
    sign(name, subject, names = []) {
      const request = file(`${name}.csr`);
      const extensions = file(`${name}.ext`);
      openssl('req', ...newKey, '-keyout', file(`${name}.key`), '-out', request, '-subj', subject);
      writeFileSync(extensions, names.length === 0 ? '' : `subjectAltName=${names.join(',')}\n`);
      const signing = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2'];
      const files = ['-in', request, '-out', file(`${name}.crt`), '-extfile', extensions];
      openssl('x509', '-req', ...files, ...signing);
      return pair(folder, name);
    },
  };
}
