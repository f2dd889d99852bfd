import { katex } from '@mdit/plugin-katex';
import { defineConfig } from 'vitepress';
import { built, packages, sourceUrl } from '../src/folders';
import { referencePages } from '../src/generate/reference';
import { sourceAliases } from '../src/source-aliases';

/** Where the site is served: `/dgm/` at GitHub Pages. */
const base = process.env['DGM_DOCS_BASE'] ?? '/';

export default defineConfig({
  title: 'dgm',
  description: 'Deep generative modelling for TypeScript: models that train in Node and in the browser.',
  lang: 'en',
  base,
  srcDir: 'site',
  outDir: built,
  srcExclude: ['leads/**'],
  rewrites: { 'generated/:name.md': 'packages/:name.md' },
  cleanUrls: true,
  lastUpdated: false,
  markdown: {
    // Formulas become HTML here, so that pages need no script for them; one that KaTeX cannot read fails the build.
    config(md) {
      md.use(katex, {
        mathFence: true,
        throwOnError: true,
        strict: 'error',
        transformer: (html: string) => html.replace(/^<(span|p)/, '<$1 v-pre'),
      });
    },
  },
  vite: {
    resolve: { alias: sourceAliases },
    worker: { format: 'es' },
    build: { chunkSizeWarningLimit: 4000 },
  },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Which model?', link: '/which-model/' },
      { text: 'Families', link: '/families/', activeMatch: '/families/' },
      { text: 'Guides', link: '/guides/engines', activeMatch: '/guides/' },
      { text: 'The book', link: '/book/', activeMatch: '/book/' },
      { text: 'API', link: '/api/', activeMatch: '/api/' },
    ],
    sidebar: {
      '/api/': packages.map((name) => ({
        text: `@dgm/${name}`,
        collapsed: true,
        items: referencePages()
          .filter((page) => page.package === name)
          .map((page) => ({ text: page.title, link: `/api/${page.path}` })),
      })),
    },
    outline: { level: [2, 3] },
    socialLinks: [{ icon: 'github', link: sourceUrl }],
  },
});
