/** The formats of packages that this machine can build. */
import { spawnSync } from 'node:child_process';
import { buildDeb } from './deb.ts';
import { buildArchive, type PackageOrder } from './layout.ts';
import { buildRpm } from './rpm.ts';

type Build = (order: PackageOrder) => string;

/** The archive needs nothing that Node does not have. */
const tools = [
  { command: 'dpkg-deb', debianPackage: 'dpkg', format: '.deb', build: buildDeb },
  { command: 'rpmbuild', debianPackage: 'rpm', format: '.rpm', build: buildRpm },
];

/**
 * @param has whether a command can be started.
 * @returns `missing`: a sentence for each format that cannot be built.
 */
export function formatsHere(has: (command: string) => boolean = canStart): {
  readonly formats: readonly Build[];
  readonly missing: readonly string[];
} {
  const here = tools.filter(({ command }) => has(command));
  return {
    formats: [buildArchive, ...here.map(({ build }) => build)],
    missing: tools
      .filter((tool) => !here.includes(tool))
      .map(
        ({ command, debianPackage, format }) =>
          `no ${format}: ${command} is not installed (Debian package ${debianPackage})`,
      ),
  };
}

function canStart(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined;
}
