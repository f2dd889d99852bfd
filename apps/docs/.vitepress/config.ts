import { katex } from '@mdit/plugin-katex';
import { defineConfig } from 'vitepress';
import { built, libraries, packages } from '../src/folders';
import { sourceUrl } from '../src/source-url';
import { referencePages } from '../src/generate/reference';
import { sourceAliases } from '../src/source-aliases';

/** Where the site is served: `/dgm/` at GitHub Pages. */
const base = process.env['DGM_DOCS_BASE'] ?? '/';

// Links to model files are downloads, not pages.
process.env['VITE_EXTRA_EXTENSIONS'] = 'dgm';

/** Given here, as the icons of VitePress come from another host. */
const githubMark =
  '<svg viewBox="0 0 16 16" fill="currentColor"><path d="M8 0a8 8 0 0 0-2.53 15.59c.4.07.55-.17.55-.38v-1.34c-2.22.48-2.69-1.07-2.69-1.07-.36-.92-.89-1.17-.89-1.17-.73-.5.06-.49.06-.49.8.06 1.23.83 1.23.83.71 1.22 1.87.87 2.33.66.07-.52.28-.87.5-1.07-1.77-.2-3.64-.89-3.64-3.95 0-.88.31-1.59.82-2.15-.08-.2-.36-1.02.08-2.12 0 0 .67-.22 2.2.82a7.6 7.6 0 0 1 4 0c1.53-1.04 2.2-.82 2.2-.82.44 1.1.16 1.92.08 2.12.51.56.82 1.27.82 2.15 0 3.07-1.87 3.75-3.65 3.95.29.25.54.73.54 1.48v2.2c0 .21.15.46.55.38A8 8 0 0 0 8 0z"/></svg>';

/** The pages of one package, and the ways to the others. Groups that collapse would be buttons with buttons in them. */
const referenceSidebars = Object.fromEntries(
  libraries.map((name) => [
    `/api/${name}/`,
    [
      {
        text: `@dgm/${name}`,
        items: referencePages()
          .filter((page) => page.package === name)
          .map((page) => ({ text: page.title, link: `/api/${page.path}` })),
      },
      { text: 'All packages', link: '/api/' },
    ],
  ]),
);

const referenceIndex = libraries.map((name) => ({ text: `@dgm/${name}`, link: `/api/#dgm-${name}` }));

const sidebar = [
  {
    text: 'Begin',
    items: [
      { text: 'Start', link: '/start' },
      { text: 'Numbers', link: '/numbers' },
      { text: 'Algorithms', link: '/algorithms' },
    ],
  },
  {
    text: 'Which model?',
    items: [
      { text: 'A decision', link: '/which-model/' },
      { text: 'Densities and anomaly scores', link: '/which-model/density' },
      { text: 'Drawing images', link: '/which-model/images' },
      { text: 'Conditional densities', link: '/which-model/conditional' },
      { text: 'Missing entries', link: '/which-model/missing' },
      { text: 'Few labels', link: '/which-model/few-labels' },
      { text: 'Text and sequences', link: '/which-model/text' },
      { text: 'Synthetic tables', link: '/which-model/tables' },
      { text: 'Compressing files', link: '/which-model/compression' },
    ],
  },
  {
    text: 'Packages',
    items: [
      { text: 'Families', link: '/families/' },
      ...packages.map((name) => ({ text: `@dgm/${name}`, link: `/packages/${name}` })),
    ],
  },
  {
    text: 'Guides',
    items: [
      { text: 'Engines and speed', link: '/guides/engines' },
      { text: 'Keys and reproducibility', link: '/guides/keys' },
      { text: 'Memory', link: '/guides/memory' },
      { text: 'Checkpoints', link: '/guides/checkpoints' },
      { text: 'Custom training loops', link: '/guides/training-loops' },
      { text: 'Freezing and partial loading', link: '/guides/freezing' },
      { text: 'Data larger than memory', link: '/guides/streaming' },
      { text: 'Compiled models and ONNX', link: '/guides/compiled' },
      { text: 'Browsers', link: '/guides/browsers' },
      { text: 'Testing a model of your own', link: '/guides/contract-kit' },
      { text: 'Adding a model or a family', link: '/guides/new-family' },
    ],
  },
  { text: 'Errors', link: '/errors/' },
  {
    text: 'The book',
    items: [
      { text: 'Chapter map', link: '/book/' },
      { text: 'Errata', link: '/book/errata' },
    ],
  },
];

export default defineConfig({
  title: 'dgm',
  description: 'Deep generative modelling for TypeScript: models that train in Node and in the browser.',
  lang: 'en',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}favicon.svg` }]],
  base,
  srcDir: 'site',
  outDir: built,
  srcExclude: ['leads/**', 'parts/**'],
  rewrites: { 'generated/:name.md': 'packages/:name.md' },
  cleanUrls: true,
  // Readers of the home page load what they open, and not the pages behind its links.
  router: { prefetchLinks: false },
  lastUpdated: false,
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
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
    logo: '/favicon.svg',
    footer: {
      message: 'MIT licence. Built from the sources of the packages; every number is measured and committed.',
    },
    search: { provider: 'local' },
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Which model?', link: '/which-model/' },
      { text: 'Families', link: '/families/', activeMatch: '/families/' },
      { text: 'Guides', link: '/guides/engines', activeMatch: '/guides/' },
      { text: 'The book', link: '/book/', activeMatch: '/book/' },
      { text: 'API', link: '/api/', activeMatch: '/api/' },
    ],
    sidebar: { ...referenceSidebars, '/api/': referenceIndex, '/': sidebar },
    outline: { level: [2, 3] },
    socialLinks: [{ icon: { svg: githubMark }, link: sourceUrl, ariaLabel: 'The repository at GitHub' }],
  },
});
