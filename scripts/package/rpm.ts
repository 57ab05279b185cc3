/** The .rpm, by rpmbuild. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { layRoot, name, type PackageOrder, root } from './layout.ts';
import { distributionNames } from './runtime.ts';

/** @returns the path of the package */
export function buildRpm(order: PackageOrder): string {
  const { rpm } = distributionNames[order.architecture];
  const folder = join(order.scratch, `rpm-${rpm}`);
  layRoot(folder, order, 'rpm');
  const { homepage } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { homepage: string };
  const definitions = {
    package_version: order.version,
    package_root: folder,
    package_url: homepage,
    _topdir: join(order.scratch, `rpmbuild-${rpm}`),
    _rpmdir: order.output,
    _rpmfilename: `${name}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm`,
    _binary_payload: order.isSmall ? 'w6.xzdio' : 'w1.gzdio',
    _buildhost: 'localhost',
    clamp_mtime_to_source_date_epoch: '1',
    use_source_date_epoch_as_buildtime: '1',
  };
  const defines = Object.entries(definitions).flatMap(([key, value]) => ['--define', `${key} ${value}`]);
  const spec = join(root, `packaging/rpm/${name}.spec`);
  execFileSync('rpmbuild', ['-bb', '--quiet', '--target', rpm, ...defines, spec], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SOURCE_DATE_EPOCH: '0' },
  });
  return join(order.output, `${name}-${order.version}-1.${rpm}.rpm`);
}
