import { checkOneOf, type Dataset, type Examples } from '@dgm/core';
import { binarizedMnist, cifar10, dataset, digits, fashionMnist, glyphs, mnist, subset } from '@dgm/data';
import { binarizedMnist10k, mnist10k } from './mnist-10k';
import { loadPlane, planeNames } from './planes';
import { loadTable, tableNames } from './tables';
import { thresholded } from './thresholded';

type Loader = (folder: string | undefined, header: boolean | undefined) => Dataset | Promise<Dataset>;

/** The data sets that a benchmark can name. */
const loaders: Readonly<Record<string, Loader>> = {
  glyphs: () => glyphs(),
  digits: (folder) => digits(folder),
  'binarized-digits': async (folder) => thresholded(await digits(folder), 'binarized-digits'),
  mnist: (folder) => mnist(from(folder)),
  'mnist-10k': (folder) => mnist10k(folder),
  'binarized-mnist-10k': (folder) => binarizedMnist10k(folder),
  'fashion-mnist': (folder) => fashionMnist(from(folder)),
  'binarized-mnist': (folder) => binarizedMnist(from(folder)),
  cifar10: (folder) => cifar10(from(folder)),
  ...Object.fromEntries(planeNames.map((name): [string, Loader] => [name, () => loadPlane(name)])),
  ...Object.fromEntries(
    tableNames.map((name): [string, Loader] => [name, (file, header) => loadTable(name, file, header)]),
  ),
};

/**
 * Without a folder these are downloaded once, and verified. A folder may hold other files of the same form, such as a part of
 * the set: results name the hash of what was used.
 */
const from = (folder: string | undefined) => (folder === undefined ? {} : { folder, verify: false });

/**
 * Checks the name of a data set without reading anything.
 * @throws ArgumentError with the list of those that exist
 */
export function checkDatasetName(name: string): void {
  checkOneOf('dgm-bench', '--dataset', name, Object.keys(loaders));
}

/**
 * The data set of that name.
 * @param options - `folder`: of its files, or the file of a table; `header`: whether the first row of a CSV file names the
 *   columns; `quick`: only a small part of it
 */
export async function loadDataset(
  name: string,
  {
    folder,
    header,
    quick,
  }: {
    readonly folder?: string | undefined;
    readonly header?: boolean | undefined;
    readonly quick: boolean;
  },
): Promise<Dataset> {
  checkDatasetName(name);
  const whole = await loaders[name]!(folder, header);
  return quick ? firstExamples(whole) : whole;
}

const QUICK_SIZES = { train: 256, validation: 64, test: 64 } as const;

function firstExamples({ name, train, validation, test, levels }: Dataset): Dataset {
  return dataset({
    name,
    train: head(train, QUICK_SIZES.train),
    validation: head(validation, QUICK_SIZES.validation),
    test: head(test, QUICK_SIZES.test),
    ...(levels === undefined ? {} : { levels }),
  });
}

/** The first examples. */
export function head(examples: Examples, most: number): Examples {
  const rows = Array.from({ length: Math.min(examples.count, most) }, (_, row) => row);
  return subset(examples, rows);
}
