import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { demos } from '../demos/catalog';
import { app, repository, site } from '../folders';
import { readResults } from '../results/results.data';
import { demoPages, errataRows, sectionGroups, sections } from './chapter-map';

const chapters: Readonly<Record<string, readonly string[]>> = {
  1: ['1.1', '1.2', '1.3', '1.3.1', '1.3.2', '1.3.3', '1.3.4', '1.3.5', '1.4'],
};
/** Errors of the published notebooks: the notebook, and a number. */
const inCode = [
  ...['all-2', 'compr-1', 'compr-3', 'ddgm-1', 'ddgm-2', 'ddgm-3', 'ddgm-4', 'ebm-2', 'fm-1', 'fm-2', 'fm-3'],
  ...['hybrid-1', 'idf-1', 'mog-2', 'priors-1', 'priors-2', 'priors-3', 'realnvp-1', 'sbgm-1', 'sbgm-2'],
  ...['sbgm-3', 'sm-1', 'sm-2', 'transf-1', 'vae-1', 'vae-2'],
];
const listings = { 2: 3, 3: 6, 4: 13, 5: 2, 6: 1, 7: 5, 8: 5 };

const exportsOf = (name: string): ReadonlySet<string> => {
  const index = readFileSync(path.join(repository, 'packages', name, 'src', 'index.ts'), 'utf8');
  return new Set(
    [...index.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names]) =>
      names!.split(',').map((part) => part.trim()),
    ),
  );
};

it('has every chapter, in order and each section once', () => {
  const numbers = sections.map(({ section }) => section);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers.filter((number) => number.startsWith('1.'))).toEqual(chapters['1']);
  const byParts = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });
  expect(numbers).toEqual([...numbers].sort(byParts));
});

it('has no gap in the numbers of sections', () => {
  const numbers = new Set(sections.map(({ section }) => section));
  for (const number of numbers) {
    const parts = number.split('.');
    const last = Number(parts.at(-1));
    if (last > 1) expect(numbers).toContain([...parts.slice(0, -1), last - 1].join('.'));
    if (parts.length > 2) expect(numbers).toContain(parts.slice(0, -1).join('.'));
  }
});

it('has every listing once', () => {
  const expected = Object.entries(listings).flatMap(([chapter, count]) =>
    Array.from({ length: count }, (_, index) => `${chapter}.${index + 1}`),
  );
  expect(sections.flatMap((section) => section.listings ?? [])).toEqual(expected);
});

it('has every section of the notes', () => {
  const notes = sectionGroups.find(({ title }) => title.startsWith('Notes'))!;
  expect(notes.sections.map(({ section }) => section)).toEqual(
    ['1', '2', '3', '4', '4.1', '4.2', '4.3', '4.4', '4.5', '5'], // prettier-ignore
  );
});

const everything = sectionGroups.flatMap((group) =>
  group.sections.map((section) => ({ ...section, group: group.title })),
);

it.each(everything)(
  '$group, $section names what exists',
  ({ exports = [], tests = [], demo, claim, page, open }) => {
    for (const name of exports) {
      const [source, symbol] = name.split('.') as [string, string];
      expect(exportsOf(source), name).toContain(symbol);
    }
    for (const test of tests) expect(existsSync(path.join(repository, 'packages', test)), test).toBe(true);
    if (demo !== undefined) expect(Object.keys(demos)).toContain(demo);
    if (claim !== undefined) expect(readResults().claims.map(({ name }) => name)).toContain(claim);
    if (page !== undefined)
      expect(existsSync(path.join(site, page.endsWith('/') ? `${page}index.md` : `${page}.md`))).toBe(true);
    // Every section leads to code with a test, to a page, or says what is missing.
    expect((exports.length > 0 && tests.length > 0) || page !== undefined || open !== undefined).toBe(true);
  },
);

it.each(errataRows)(
  'the erratum of $where names a test that exists, or what is missing',
  ({ test, open }) => {
    expect(test === undefined).toBe(open !== undefined);
    if (test !== undefined) expect(existsSync(path.join(repository, 'packages', test)), test).toBe(true);
  },
);

it('has every error that was measured in the published code', () => {
  const found = errataRows.flatMap(({ code = [] }) => code);
  expect([...found].sort()).toEqual(inCode);
});

it('computes wrong against right for the rows that say so, and for no others', () => {
  const page = readFileSync(path.join(app, '.vitepress', 'theme', 'components', 'ErrataLive.vue'), 'utf8');
  const shown = [...page.matchAll(/<h3 id="(\w+)"/g)].map(([, id]) => id);
  expect([...new Set(errataRows.flatMap(({ live }) => live ?? []))].sort()).toEqual(shown.sort());
});

it('knows the page of every demo', () => {
  expect(Object.keys(demoPages)).toEqual(Object.keys(demos));
  for (const [demo, page] of Object.entries(demoPages)) {
    const source = page.startsWith('/packages/')
      ? path.join('leads', `${page.split('/').at(-1)}.md`)
      : `${page.slice(1)}index.md`;
    const lead = readFileSync(path.join(site, source), 'utf8');
    expect(lead).toContain(`<LiveDemo name="${demo}" />`);
  }
});
