import { familyTable, markdownTable } from './markdown';
import type { Results } from './schema';

/** A README that shows committed results. */
export interface Readme {
  /** Its path in the repository. */
  readonly path: string;
  readonly numbers: (results: Results) => string;
}

export const readmes: readonly Readme[] = [
  { path: 'README.md', numbers: markdownTable },
  { path: 'packages/arm/README.md', numbers: (results) => familyTable(results, '@dgm/arm') },
];
