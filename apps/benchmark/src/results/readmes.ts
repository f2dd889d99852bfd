import { readFileSync } from 'node:fs';
import { familyTable, markdownTable } from './markdown';
import { posteriorTable } from './posterior-table';
import type { Results } from './schema';

/** A README that shows committed results. */
export interface Readme {
  /** Its path in the repository. */
  readonly path: string;
  readonly numbers: (results: Results) => string;
}

export const readmes: readonly Readme[] = [
  { path: 'README.md', numbers: markdownTable },
  {
    path: 'packages/arm/README.md',
    numbers: (results) => `${familyTable(results, '@dgm/arm')}\n\n${sizeInPages('@dgm/arm')}`,
  },
  { path: 'packages/flows/README.md', numbers: (results) => familyTable(results, '@dgm/flows') },
  { path: 'packages/vae/README.md', numbers: posteriorTable },
];

/** What a package and all that it needs weigh in a page, as the tests of packed packages recorded it, in round numbers. */
function sizeInPages(packageName: string): string {
  const file = new URL('../../../../integration/sizes.json', import.meta.url);
  const sizes = JSON.parse(readFileSync(file, 'utf8')) as Record<
    string,
    { readonly gzippedKilobytes: number }
  >;
  const round = 10 * Math.round(sizes[packageName]!.gzippedKilobytes / 10);
  return `In a page the whole package is about ${round} kB of gzipped script, TensorFlow.js included, and its \`.wasm\` file.`;
}
