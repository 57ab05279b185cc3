/** The .deb, by Debian's own dpkg-deb. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layRoot, name, type PackageOrder, root } from './layout.ts';
import { distributionNames } from './runtime.ts';

/** @returns the path of the package */
export function buildDeb(order: PackageOrder): string {
  const { deb } = distributionNames[order.architecture];
  const folder = join(order.scratch, `deb-${deb}`);
  layRoot(folder, order, 'deb');
  const control = join(folder, 'DEBIAN');
  mkdirSync(control);
  writeFileSync(join(control, 'control'), controlFile(order, deb, installedKiB(folder)));
  writeFileSync(join(control, 'conffiles'), `/etc/${name}.conf\n`);
  for (const script of ['postinst', 'prerm', 'postrm']) {
    copyFileSync(join(root, 'packaging/deb', script), join(control, script));
    chmodSync(join(control, script), 0o755);
  }
  const file = join(order.output, `${name}_${order.version}_${deb}.deb`);
  const packing = order.isSmall ? ['-Zxz', '-z6'] : ['-Zgzip', '-z1'];
  execFileSync('dpkg-deb', ['--root-owner-group', ...packing, '--build', folder, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    // The same bytes for the same content.
    env: { ...process.env, SOURCE_DATE_EPOCH: '0' },
  });
  return file;
}

function installedKiB(folder: string): number {
  return Number(execFileSync('du', ['-sk', folder], { encoding: 'utf8' }).split('\t')[0]);
}

function controlFile({ version }: PackageOrder, architecture: string, kib: number): string {
  const { homepage } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { homepage: string };
  return `Package: ${name}
Version: ${version}
Architecture: ${architecture}
Maintainer: the docker-image-cleaner contributors <noreply@invalid>
Installed-Size: ${kib}
Depends: libc6 (>= 2.28), libstdc++6
Section: admin
Priority: optional
Homepage: ${homepage}
Description: Delete unused container images when the disk fills up
 Watches the disk of a Docker host or Kubernetes node by bytes and inodes, and
 over a high threshold deletes unused container images, one by one, until a low
 threshold. Needs no Node.js.
`;
}
