/** The documentation as a site with search, made from the same files that are read in the repository (`npm run docs:site`). */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type DefaultTheme } from 'vitepress';
import { checkSite } from '../../scripts/docs/site/check.ts';
import { anchorOf } from '../../scripts/docs/site/anchors.ts';
import { siteLink } from '../../scripts/docs/site/links.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { homepage } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { homepage: string };
const repository = homepage.replace(/#.*$/, '');

const icon = readFileSync(`${root}docs/images/icon.svg`, 'utf8');
const base = process.env['SITE_BASE'] ?? '/';
const installed = (file: string): string =>
  fileURLToPath(new URL(`../node_modules/${file}`, import.meta.url));

/** What a page calls itself. */
const titleOf = (page: string): string =>
  /^# +(.+)$/m.exec(readFileSync(root + page, 'utf8'))?.[1]?.replaceAll('`', '') ?? page;
const item = (page: string): DefaultTheme.SidebarItem => ({
  text: titleOf(page),
  link: `/${page.replace(/README\.md$/, '').replace(/\.md$/, '')}`,
});
const docs = (...names: readonly string[]): DefaultTheme.SidebarItem[] =>
  names.map((name) => item(`docs/${name}.md`));
const folder = (name: string): DefaultTheme.SidebarItem[] =>
  readdirSync(`${root}docs/${name}`)
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .map((file) => item(`docs/${name}/${file}`));

const sidebar: DefaultTheme.SidebarItem[] = [
  {
    text: 'Tasks',
    items: [
      { text: 'I want to …', link: '/docs/' },
      ...docs(
        'install',
        'kubernetes',
        'choosing',
        'clean',
        'sweeps',
        'policies',
        'status-page',
        'notices',
        'alerts',
        'troubleshooting',
      ),
    ],
  },
  { text: 'Coming from', collapsed: true, link: '/docs/coming-from/', items: folder('coming-from') },
  {
    text: 'Reference',
    items: [
      ...docs('configuration', 'engines', 'cri', 'events', 'metrics', 'json', 'trace-format'),
      item('deploy/helm/docker-image-cleaner/README.md'),
      ...docs('security', 'reliability', 'performance', 'glossary'),
    ],
  },
  {
    text: 'Contributing',
    collapsed: true,
    items: [item('CONTRIBUTING.md'), ...docs('architecture', 'dependencies'), item('harness/README.md')],
  },
  { text: 'Decisions', collapsed: true, link: '/docs/adr/', items: folder('adr') },
];

export default defineConfig({
  title: 'docker-image-cleaner',
  description: 'Keeps images from filling the disk of a Docker host or Kubernetes node.',
  srcDir: '..',
  srcExclude: ['{src,test,test-artifacts,site,packaging,coverage}/**', 'CODE_OF_CONDUCT.md', 'RELEASE.md'],
  base,
  rewrites: (page) => page.replace(/README\.md$/, 'index.md'),
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `data:image/svg+xml,${encodeURIComponent(icon)}` }],
    // Pictures of a paragraph side by side, as in the repository.
    ['style', {}, '.vp-doc p > img { display: inline }'],
  ],
  markdown: {
    anchor: { slugify: anchorOf },
    config: (markdown) => {
      markdown.core.ruler.push(
        'repository-links',
        ({ tokens, env }: { tokens: Token[]; env: { path: string } }) => {
          const page = env.path.slice(root.length);
          for (const token of tokens.flatMap((each) => [each, ...(each.children ?? [])])) {
            const target = token.type === 'link_open' ? token.attrGet('href') : null;
            if (target !== null) token.attrSet('href', siteLink(page, target, root, repository));
            // `{{.DockerRootDir}}` is Docker's, not the site's.
            if (token.type === 'code_inline') token.attrSet('v-pre', '');
            // Pictures in HTML: relative, or the bundler leaves them out.
            if (token.type.startsWith('html_'))
              token.content = token.content.replaceAll(/(<img[^>]* src=")(?=[\w-]+\/)/g, '$1./');
          }
        },
      );
    },
  },
  vite: {
    plugins: [
      {
        // The pages lie above this folder, and would not find its packages, or the project's own of another version.
        name: 'vue-of-the-site',
        enforce: 'pre',
        resolveId: (id, _importer, { ssr }) => {
          if (id !== 'vue' && id !== 'vue/server-renderer') return undefined;
          if (ssr === true) return { id, external: true };
          return installed(id === 'vue' ? 'vue/dist/vue.runtime.esm-bundler.js' : `${id}/index.mjs`);
        },
      },
    ],
  },
  themeConfig: {
    search: { provider: 'local' },
    sidebar,
    outline: [2, 3],
    nav: [
      { text: 'Documentation', link: '/docs/' },
      { text: 'Troubleshooting', link: '/docs/troubleshooting' },
      { text: 'Changes', link: '/CHANGELOG' },
    ],
    socialLinks: [{ icon: 'github', link: repository }],
  },
  buildEnd: ({ outDir, pages }) => {
    checkSite(outDir, base);
    const listed = JSON.stringify(sidebar);
    const missing = pages.filter(
      (page) =>
        page.startsWith('docs/') &&
        !listed.includes(`"/${page.replace(/(README|index)\.md$/, '').replace(/\.md$/, '')}"`),
    );
    if (missing.length > 0)
      throw new Error(`Not in the site's sidebar (site/.vitepress/config.ts): ${missing.join(', ')}`);
  },
});

interface Token {
  readonly type: string;
  content: string;
  readonly children: Token[] | null;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
}
