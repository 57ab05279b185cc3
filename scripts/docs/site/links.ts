import { existsSync, statSync } from 'node:fs';
import { posix } from 'node:path';

/** Folders whose Markdown is a page of the site; what else a page links to is shown in the repository. */
const isPage = (file: string): boolean =>
  /^(?:README|CHANGELOG|CONTRIBUTING|SECURITY)\.md$|^(?:docs|deploy|bench|harness)\/.*\.md$/.test(file);

/**
 * Where a page's link leads on the site: to another page by its address, to any other file into the repository on the
 * web. Dead links are kept as they are, and fail the build.
 */
export function siteLink(page: string, link: string, root: string, repository: string): string {
  if (/^(?:[a-z]+:|#|\/)/.test(link)) return link;
  const [path = '', anchor] = link.split('#');
  const file = posix.normalize(posix.join(posix.dirname(page), decodeURI(path)));
  if (file.startsWith('..') || !existsSync(root + file)) return link;
  const hash = anchor === undefined ? '' : `#${anchor}`;
  if (isPage(file)) return `/${file.replace(/README\.md$/, '').replace(/\.md$/, '')}${hash}`;
  const kind = statSync(root + file).isDirectory() ? 'tree' : 'blob';
  return `${repository}/${kind}/main/${file}${hash}`;
}
