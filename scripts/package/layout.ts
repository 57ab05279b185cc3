/** What is installed where: one layout for .deb, .rpm and the archive, made from dist/ (`npm run build`). */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type Architecture, nodeFor } from './runtime.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const name = 'docker-image-cleaner';

export interface PackageOrder {
  readonly version: string;
  readonly architecture: Architecture;
  /** Where the packages are written. */
  readonly output: string;
  /** Room for what is laid out meanwhile. */
  readonly scratch: string;
  /** false: packed in a hurry, for tests. */
  readonly isSmall: boolean;
}

function put(path: string, content: string | Buffer, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
}

function copy(from: string, to: string, mode: number): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
}

function text(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function layProgram(folder: string, architecture: Architecture): void {
  copy(nodeFor(architecture), join(folder, 'node'), 0o755);
  copy(join(root, 'dist/program.cjs'), join(folder, 'program.cjs'), 0o644);
}

/** Our licence, those of the libraries, and the runtime's. */
function licences(): string {
  return [text('LICENSE'), text('dist/THIRD-PARTY-NOTICES.txt'), text('scripts/licences/node.txt')].join(
    `\n${'-'.repeat(78)}\n`,
  );
}

/** The file that the service reads: everything a comment, but where the service remembers. */
export function serviceConf(): string {
  const variable = 'DOCKER_IMAGE_CLEANER_STATE_FILE';
  return text('dist/share/docker-image-cleaner.conf').replace(
    `#${variable}=`,
    `# Set for the service, which may write below /var/lib/docker-image-cleaner only.\n${variable}=/var/lib/docker-image-cleaner/state`,
  );
}

/** The root folder of a host as the packages fill it. */
export function layRoot(folder: string, order: PackageOrder, zsh: 'deb' | 'rpm'): void {
  rmSync(folder, { recursive: true, force: true });
  layProgram(join(folder, 'usr/lib', name), order.architecture);
  put(join(folder, 'usr/bin', name), launcher(`/usr/lib/${name}`), 0o755);
  const put644 = (path: string, content: string | Buffer): void => {
    put(join(folder, path), content, 0o644);
  };
  put644(`usr/lib/systemd/system/${name}.service`, text(`packaging/${name}.service`));
  put644(`etc/${name}.conf`, serviceConf());
  put644(`usr/share/man/man8/${name}.8.gz`, gzipSync(text(`dist/share/${name}.8`), { level: 9 }));
  put644(`usr/share/doc/${name}/copyright`, licences());
  put644(`usr/share/bash-completion/completions/${name}`, text('dist/share/completion.bash'));
  const functions = zsh === 'deb' ? 'vendor-completions' : 'site-functions';
  put644(`usr/share/zsh/${functions}/_${name}`, text('dist/share/completion.zsh'));
  put644(`usr/share/fish/vendor_completions.d/${name}.fish`, text('dist/share/completion.fish'));
}

function launcher(place: string): string {
  return text(`packaging/${name}.sh`).replace('@PLACE@', place);
}

/** Works wherever the archive is unpacked; on the wrong architecture it says so in one line. */
function movableLauncher({ architecture }: PackageOrder): string {
  const machines = architecture === 'x64' ? 'x86_64 | amd64' : 'aarch64 | arm64';
  return launcher('$(dirname "$(readlink -f "$0")")/lib').replace(
    'export MALLOC',
    `case $(uname -m) in
  ${machines}) ;;
  *) echo "error: this is the program for ${architecture}, but the machine is $(uname -m): take the archive for it" >&2; exit 2 ;;
esac
export MALLOC`,
  );
}

/** `NAME-VERSION-linux-ARCH.tar.gz`: a folder with its own runtime. @returns its path */
export function buildArchive(order: PackageOrder): string {
  const title = `${name}-${order.version}-linux-${order.architecture}`;
  const folder = join(order.scratch, title);
  rmSync(folder, { recursive: true, force: true });
  layProgram(join(folder, 'lib'), order.architecture);
  put(join(folder, name), movableLauncher(order), 0o755);
  put(join(folder, 'LICENSES.txt'), licences(), 0o644);
  for (const file of [`${name}.8`, `${name}.conf`, 'completion.bash', 'completion.zsh', 'completion.fish'])
    copy(join(root, 'dist/share', file), join(folder, 'share', file), 0o644);
  const file = join(order.output, `${title}.tar.gz`);
  // The same bytes for the same content, on every machine.
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  const gzip = `gzip -n ${order.isSmall ? '-9' : '-1'}`;
  execFileSync('tar', [...same, '-I', gzip, '-cf', file, '-C', order.scratch, title]);
  return file;
}
