import { existsSync, readFileSync } from 'node:fs';
import type { Comparison } from '../results/comparison';
import type { CommittedClaims } from '../claims/outcome';
import { againstPyTorch } from './against-pytorch';
import { claimsTable, withClaimFigures } from './claim-figures';
import { familyTable, markdownTable, withNumbers } from './markdown';
import { posteriorTable } from './posterior-table';
import { publishedTable } from './published-table';
import { realSizesTable } from './real-sizes';
import { weightsTable } from './weights-table';
import { qualityTable } from '../report/quality-table';
import type { Results } from '../results/schema';
import { weightChart } from '../weights/weight-chart';
import type { WeightCurves } from '../weights/weight-curve';

/** A part of a README that shows committed results. */
export interface Readme {
  /** Its path in the repository. */
  readonly path: string;
  /** The name in the markers around the part. @defaultValue `results` */
  readonly block?: string;
  /** The data that the results are of. @defaultValue `digits` */
  readonly dataset?: string;
  /** Absent where it has nothing but figures of claims. */
  readonly numbers?: (results: Results) => string;
}

export const readmes: readonly Readme[] = [
  {
    path: 'README.md',
    numbers: (results) => `${markdownTable(results)}\n\n${againstPyTorch(comparison(), quality())}`,
  },
  {
    path: 'packages/arm/README.md',
    numbers: (results) => `${familyTable(results, comparison(), '@dgm/arm')}\n\n${sizeInPages('@dgm/arm')}`,
  },
  {
    path: 'packages/flows/README.md',
    numbers: (results) => familyTable(results, comparison(), '@dgm/flows'),
  },
  { path: 'packages/diffusion/README.md' },
  { path: 'packages/gan/README.md' },
  { path: 'packages/vae/README.md', numbers: posteriorTable },
  {
    path: 'packages/vae/README.md',
    block: 'published',
    dataset: 'binarized-digits',
    numbers: publishedTable,
  },
  {
    path: 'packages/hybrid/README.md',
    block: 'weights',
    numbers: () => weightsTable(weightCurves()),
  },
  {
    path: 'apps/benchmark/README.md',
    block: 'quality',
    numbers: () => {
      const found = quality();
      return found === undefined ? '' : qualityTable(found);
    },
  },
  {
    path: 'apps/benchmark/README.md',
    block: 'real-sizes',
    numbers: () => realSizesTable(['binarized-mnist-10k', 'mnist-10k'].map(realSize)),
  },
  {
    path: 'apps/benchmark/README.md',
    block: 'claims',
    numbers: () => claimsTable(committedClaims()),
  },
];

/** Pictures of committed results, by their paths in the repository. */
export const pictures: Readonly<Record<string, () => string>> = {
  'packages/hybrid/docs/weights.svg': () => weightChart(weightCurves().curves),
};

/** A README with its part, and the figures of claims that it names, written anew. */
export function withCommittedNumbers(text: string, readme: Readme): string {
  const { numbers, block, dataset = 'digits' } = readme;
  const withPart =
    numbers === undefined
      ? text
      : withNumbers(text, numbers(readJson<Results>(`../../results/${dataset}.json`)), block);
  return withClaimFigures(withPart, committedClaims());
}

const committedClaims = () => readJson<CommittedClaims>('../../results/claims.json').claims;

/** What a package and all that it needs weigh in a page, as the tests of packed packages recorded it, in round numbers. */
function sizeInPages(packageName: string): string {
  const sizes = readJson<Record<string, { readonly gzippedKilobytes: number }>>(
    '../../../../integration/sizes.json',
  );
  const round = 10 * Math.round(sizes[packageName]!.gzippedKilobytes / 10);
  return `In a page the whole package is about ${round} kB of gzipped script, TensorFlow.js included, and its \`.wasm\` file.`;
}

const weightCurves = (): WeightCurves => readJson('../../results/hybrid-weights.json');

const comparison = (): Comparison => readJson('../../results/compare.json');

/** The comparison over several seeds, if there is one. */
const quality = (): Comparison | undefined => readJsonIfAny('../../results/quality.json');

/** The comparison of models on one data set, and their trainings, if there are any. */
function realSize(dataset: string) {
  const results = readJsonIfAny<Results>(`../../results/${dataset}.json`);
  return {
    comparison: readJson<Comparison>(`../../results/compare-${dataset}.json`),
    ...(results && { results }),
  };
}

const readJsonIfAny = <T>(path: string): T | undefined =>
  existsSync(new URL(path, import.meta.url)) ? readJson(path) : undefined;

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as T;
}
