import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Throws with every link of a built site that leads to a page, an anchor or a picture that is not there. */
export function checkSite(folder: string, base: string): void {
  const pages = globSync('**/*.html', { cwd: folder });
  const texts = new Map(pages.map((page) => [page, readFileSync(join(folder, page), 'utf8')]));
  const ids = new Map(
    [...texts].map(([page, text]) => [
      page,
      new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id)),
    ]),
  );
  const faults = [...texts].flatMap(([page, text]) =>
    [...text.matchAll(/<(?:a|img)\b[^>]*? (?:href|src)="([^"]+)"/g)]
      .map(([, link = '']) => link.replaceAll('&amp;', '&'))
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => !leads(link, page))
      .map((link) => `${page} → ${link}`),
  );
  if (pages.length < 20) throw new Error(`The site has only ${String(pages.length)} pages.`);
  if (faults.length > 0)
    throw new Error(`Links of the site that lead nowhere:\n${[...new Set(faults)].join('\n')}`);

  function leads(link: string, page: string): boolean {
    const [path = '', anchor = ''] = decodeURI(link).split('#');
    if (path !== '' && !path.startsWith(base)) return false;
    const rest = path.slice(base.length);
    const target =
      path === '' ? page : [rest, `${rest}.html`, join(rest, 'index.html')].find((each) => isFile(each));
    if (target === undefined) return false;
    return anchor === '' || (ids.get(target)?.has(anchor) ?? false);
  }
  function isFile(path: string): boolean {
    return texts.has(path) || (/\.\w+$/.test(path) && existsSync(join(folder, path)));
  }
}
