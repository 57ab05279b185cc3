/** What a tag says against what the files say. Pure. */

export interface ReleaseFiles {
  /** package.json */
  readonly manifest: string;
  /** Chart.yaml */
  readonly chart: string;
  readonly changelog: string;
}

/** One line each; none where the tag may be released. */
export function releaseProblems(
  tag: string,
  { manifest, chart, changelog }: ReleaseFiles,
): readonly string[] {
  const version = /^v(\d+\.\d+\.\d+)$/.exec(tag)?.[1];
  if (version === undefined) return ['the tag must look like v1.2.3'];
  const problems: string[] = [];
  const { version: packaged } = JSON.parse(manifest) as { version: string };
  if (packaged !== version) problems.push(`package.json says ${packaged}: npm version ${version}`);
  const charted = /^appVersion: ['"]?([^'"\n]*)/m.exec(chart)?.[1] ?? 'nothing';
  if (charted !== version) problems.push(`appVersion in Chart.yaml is ${charted}`);
  const notes = notesOf(version, changelog);
  if (notes === undefined) problems.push(`CHANGELOG.md has no heading "## ${version} (year-month-day)"`);
  else if (notes === '') problems.push(`CHANGELOG.md says nothing below "## ${version}"`);
  return problems;
}

/** The text below the version's heading; undefined where there is none. */
export function notesOf(version: string, changelog: string): string | undefined {
  const parts = changelog.split(/^## /m);
  const own = parts.find((part) =>
    new RegExp(`^${version.replaceAll('.', '\\.')} \\(\\d{4}-\\d\\d-\\d\\d\\)\n`).test(part),
  );
  return own?.slice(own.indexOf('\n')).trim();
}
