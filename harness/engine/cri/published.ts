/** The published definition of the Container Runtime Interface, from the Debian package that carries it. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheHome, madeOnce } from '../../machine/cache.ts';
import { runCommand } from '../../machine/command.ts';
import { debianSource, ensureCommands, requireRoot } from '../../machine/packages.ts';

const packageName = 'golang-github-kubernetes-cri-api-dev';
const inPackage = 'usr/share/gocode/src/k8s.io/cri-api/pkg/apis/runtime/v1/api.proto';
const cached = join(cacheHome, 'docker-image-cleaner', 'cri-api', 'api.proto');

/**
 * The text of api.proto of Debian 13 (Kubernetes 1.32). Fetched once, with package lists of its own: this machine's may be
 * those of another release.
 * @throws Error when it cannot be fetched.
 */
export async function publishedDefinition(): Promise<string> {
  return readFileSync(await madeOnce(cached, fetchDefinition), 'utf8');
}

async function fetchDefinition(): Promise<void> {
  requireRoot('Fetching a package');
  await ensureCommands(['dpkg-source']);
  const folder = join(cacheHome, 'docker-image-cleaner', 'cri-api');
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    for (const name of ['lists/partial', 'cache/archives/partial', 'unpacked']) {
      mkdirSync(join(work, name), { recursive: true });
    }
    const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
    writeFileSync(join(work, 'sources.list'), `deb [signed-by=${keys}] ${debianSource().uri} trixie main\n`);
    const apart = [
      ...['-o', `Dir::Etc::sourcelist=${work}/sources.list`, '-o', 'Dir::Etc::sourceparts=-'],
      ...['-o', `Dir::State::lists=${work}/lists`, '-o', `Dir::Cache=${work}/cache`],
      ...['-o', 'APT::Sandbox::User=root'],
    ];
    await runCommand('apt-get', [...apart, '-q', 'update']);
    await runCommand('apt-get', [...apart, '-q', 'download', packageName], { cwd: work });
    const archive = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get downloaded no ${packageName}.`);
    await runCommand('dpkg-deb', ['-x', join(work, archive), join(work, 'unpacked')]);
    renameSync(join(work, 'unpacked', inPackage), cached);
  } finally {
    rmSync(work, { recursive: true });
  }
}
