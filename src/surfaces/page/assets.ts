/** The page's files. `npm run build` puts them here packed (scripts/bundle/page-files.ts); from the sources they are made. */
import { bundlePage } from './bundle.ts';
import type { PageFiles } from './files.ts';

export async function pageFiles(): Promise<PageFiles> {
  return await bundlePage();
}
