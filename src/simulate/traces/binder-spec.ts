/**
 * What the specification of a BinderHub launch means. Each provider writes its own: GitHub `owner/repository/ref` (a
 * ref may have slashes), GitLab and Git a repository in one part with its slashes escaped, Gist `user/id/ref`;
 * archives of research data a DOI, which is one publication whatever its last part is.
 */

export interface Specification {
  readonly repository: string;
  /** The commit where the event has it, else what was asked for. */
  readonly version: string;
}

/** How many parts of a specification name the repository. */
const REPOSITORY_PARTS: Readonly<Record<string, number>> = { github: 2, gist: 2, gitlab: 1, git: 1 };

export function standingFor(event: {
  readonly provider: string;
  readonly spec: string;
  readonly ref?: string | null;
}): Specification {
  const provider = event.provider.toLowerCase();
  const parts = event.spec.split('/');
  const count = REPOSITORY_PARTS[provider];
  const [repository, asked] =
    count === undefined
      ? publication(provider, event.spec)
      : [parts.slice(0, count).join('/'), parts.slice(count).join('/')];
  const commit = event.ref ?? '';
  return {
    // GitHub takes upper and lower case for the same; elsewhere nearly everybody writes lower case.
    repository: `${provider}/${repository.toLowerCase()}`,
    version: (commit === '' ? asked : commit).replaceAll(/[:/]/g, '-') || 'latest',
  };
}

/** Only Figshare writes the version of a publication in its DOI: `….v2`. */
function publication(provider: string, spec: string): readonly [repository: string, version: string] {
  const versioned =
    provider === 'figshare' ? /^(?<doi>.+)\.v(?<version>\d+)$/i.exec(spec)?.groups : undefined;
  return versioned === undefined ? [spec, ''] : [versioned['doi'] ?? spec, `v${versioned['version'] ?? ''}`];
}
