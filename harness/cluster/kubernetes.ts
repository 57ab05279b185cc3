/**
 * A real Kubernetes control plane for tests: etcd and kube-apiserver on 127.0.0.1 with certificates of its own, RBAC on.
 * There are no kubelets and no controllers: nodes are objects that a test makes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { createAuthority, type Authority, type KeyPair } from '../wire/certificates.ts';
import { findApiServer, findEtcd } from './kubernetes-binaries.ts';
import { freePort } from '../engine/registry.ts';
import { waitFor } from '../machine/wait.ts';
import { startWireProxy, type WireProxy } from '../wire/wire-proxy.ts';
import { createWorkspace, type Workspace } from '../machine/workspace.ts';

export interface KubernetesAnswer {
  readonly status: number;
  readonly text: string;
  json<T>(): T;
}

export interface RequestOptions {
  readonly body?: object;
  /** Default `application/json`; a patch needs its own. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** Gets the body's lines as they arrive (watches); the answer's text is empty then. */
  readonly onLine?: (line: string) => void;
}

interface Running {
  readonly child: ChildProcess;
  readonly logPath: string;
}

const namespacePath = (namespace: string): string => `/api/v1/namespaces/${namespace}`;

export class ApiServer {
  readonly workspace: Workspace;
  readonly port: number;
  readonly authority: Authority;
  readonly #admin: KeyPair;
  readonly #running: readonly Running[];
  #kubeconfigs = 0;

  /** Use `startApiServer`. */
  constructor(
    workspace: Workspace,
    port: number,
    authority: Authority,
    admin: KeyPair,
    running: readonly Running[],
  ) {
    this.workspace = workspace;
    this.port = port;
    this.authority = authority;
    this.#admin = admin;
    this.#running = running;
  }

  /** Sends a request as the cluster's administrator. Any status is an answer. @throws the socket's error. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<KubernetesAnswer> {
    const body = options.body && JSON.stringify(options.body);
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        {
          host: '127.0.0.1',
          port: this.port,
          method,
          path,
          ca: this.authority.cert,
          key: this.#admin.key,
          cert: this.#admin.cert,
          agent: false,
          ...(options.signal && { signal: options.signal }),
          headers: body === undefined ? {} : { 'Content-Type': options.contentType ?? 'application/json' },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
            if (options.onLine === undefined) return;
            const lines = text.split('\n');
            text = lines.pop() ?? '';
            lines.forEach(options.onLine);
          });
          response.once('error', reject);
          response.once('end', () => {
            resolve({ status: response.statusCode ?? 0, text, json: <T>() => JSON.parse(text) as T });
          });
        },
      );
      request.once('error', reject);
      request.end(body);
    });
  }

  /** As `request`. @throws Error unless the status is 2xx. */
  async expect(method: string, path: string, options: RequestOptions = {}): Promise<KubernetesAnswer> {
    const answer = await this.request(method, path, options);
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 500)}`);
    return answer;
  }

  /** A kubeconfig file for the administrator. `port`: that of a proxy in front. */
  adminKubeconfig(port = this.port): string {
    const { certPath, keyPath } = this.#admin;
    return this.#kubeconfig({ 'client-certificate': certPath, 'client-key': keyPath }, port, 'default');
  }

  /** A token for a ServiceAccount, from the TokenRequest API. */
  async serviceAccountToken(namespace: string, name: string): Promise<string> {
    const answer = await this.expect('POST', `${namespacePath(namespace)}/serviceaccounts/${name}/token`, {
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [] } },
    });
    return answer.json<{ status: { token: string } }>().status.token;
  }

  /** A kubeconfig file with a ServiceAccount's token and its namespace. */
  async serviceAccountKubeconfig(namespace: string, name: string, port = this.port): Promise<string> {
    return this.#kubeconfig({ token: await this.serviceAccountToken(namespace, name) }, port, namespace);
  }

  #kubeconfig(user: object, port: number, namespace: string): string {
    const path = join(this.workspace.path, `kubeconfig-${this.#kubeconfigs++}`);
    const cluster = {
      server: `https://127.0.0.1:${port}`,
      'certificate-authority': this.authority.certPath,
    };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace } }],
      'current-context': 'x',
    };
    writeFileSync(path, JSON.stringify(config)); // JSON is YAML
    return path;
  }

  /** A proxy in front of the API server that can be made to fail; give its `port` to the kubeconfig functions. */
  async startProxy(): Promise<WireProxy> {
    const pair = this.authority.sign(`proxy-${this.#kubeconfigs++}`, '/CN=proxy', ['IP:127.0.0.1']);
    return startWireProxy({
      target: { port: this.port, tls: { ca: this.authority.cert, servername: '' } },
      listen: 'tcp',
      tls: pair,
    });
  }

  /** The last lines of what etcd and kube-apiserver wrote. */
  log(lines = 20): string {
    return this.#running
      .map(({ logPath }) => readFileSync(logPath, 'utf8').trim().split('\n').slice(-lines).join('\n'))
      .join('\n');
  }

  /** Kills the processes and removes their files. */
  async dispose(): Promise<void> {
    for (const { child } of [...this.#running].reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    this.workspace.dispose();
  }
}

function start(workspace: Workspace, path: string, args: readonly string[], name: string): Running {
  const logPath = join(workspace.path, `${name}.log`);
  const log = openSync(logPath, 'w');
  const child = spawn(path, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  return { child, logPath };
}

/** Starts etcd and kube-apiserver. @throws Error with their last lines when they do not get ready. */
export async function startApiServer(): Promise<ApiServer> {
  const [apiServerPath, etcdPath] = [await findApiServer(), await findEtcd()];
  const workspace = createWorkspace();
  const certificates = join(workspace.path, 'certs');
  mkdirSync(certificates);
  const running: Running[] = [];
  try {
    const authority = await createAuthority(certificates);
    const serving = authority.sign('serving', '/CN=kube-apiserver', ['IP:127.0.0.1', 'DNS:localhost']);
    const admin = authority.sign('admin', '/O=system:masters/CN=admin');
    const accounts = authority.sign('service-accounts', '/CN=service-accounts');
    const [clientPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
    const etcd = `http://127.0.0.1:${clientPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    running.push(
      start(
        workspace,
        etcdPath,
        [
          `--data-dir=${workspace.path}/etcd`,
          `--listen-client-urls=${etcd}`,
          `--advertise-client-urls=${etcd}`,
          `--listen-peer-urls=${peer}`,
          `--initial-advertise-peer-urls=${peer}`,
          `--initial-cluster=default=${peer}`,
        ],
        'etcd',
      ),
      start(
        workspace,
        apiServerPath,
        [
          `--etcd-servers=${etcd}`,
          '--bind-address=127.0.0.1',
          `--secure-port=${port}`,
          `--cert-dir=${certificates}`,
          `--tls-cert-file=${serving.certPath}`,
          `--tls-private-key-file=${serving.keyPath}`,
          `--client-ca-file=${authority.certPath}`,
          `--service-account-key-file=${accounts.certPath}`,
          `--service-account-signing-key-file=${accounts.keyPath}`,
          '--service-account-issuer=https://kubernetes.default.svc',
          '--service-cluster-ip-range=10.0.0.0/24',
          '--authorization-mode=Node,RBAC',
          // Nothing here creates the default service accounts that pods need, or removes not-ready taints.
          '--disable-admission-plugins=ServiceAccount,TaintNodesByCondition',
          '--allow-privileged=true',
        ],
        'kube-apiserver',
      ),
    );
    const server = new ApiServer(workspace, port, authority, admin, running);
    await waitFor(
      'kube-apiserver to be ready',
      async () => {
        const ended = running.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
        if (ended !== undefined) throw new Error(`It ended. Its last lines:\n${server.log()}`);
        const answer = await server.request('GET', '/readyz').catch(() => undefined);
        return answer?.status === 200;
      },
      { everyMs: 200 },
    );
    return server;
  } catch (error) {
    for (const { child } of running) child.kill('SIGKILL');
    workspace.dispose();
    throw error;
  }
}
