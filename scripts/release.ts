/**
 * `npm run release:check -- v1.2.3`: does everything name this version? `npm run release:notes -- v1.2.3`: its part
 * of the changelog. All faults are reported together, one line each.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { notesOf, releaseProblems } from './release/changelog.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const [what, tag = ''] = process.argv.slice(2);
const files = {
  manifest: read('package.json'),
  chart: read('deploy/helm/docker-image-cleaner/Chart.yaml'),
  changelog: read('CHANGELOG.md'),
};
const problems = releaseProblems(tag, files);
if (problems.length > 0) {
  process.stderr.write(problems.map((problem) => `error: release ${tag}: ${problem}\n`).join(''));
  process.exitCode = 1;
} else if (what === 'notes') process.stdout.write(`${notesOf(tag.slice(1), files.changelog) ?? ''}\n`);
