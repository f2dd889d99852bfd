import { ArgumentError, type Dataset } from '@dgm/core';
import { csv, miniboone, tableDataset } from '@dgm/data';

/** Tables of real numbers, by the names of the command line. */
const tables: Readonly<Record<string, (file: string) => Promise<Dataset>>> = {
  csv: async (file) => tableDataset(await csv(file), { name: 'csv' }),
  miniboone,
};

export const tableNames: readonly string[] = Object.keys(tables);

/**
 * The table of that name, split and standardized by the protocol of the published comparisons of flows.
 * @throws ArgumentError if its file is not given
 */
export async function loadTable(name: string, file: string | undefined): Promise<Dataset> {
  if (file !== undefined) return tables[name]!(file);
  throw new ArgumentError({
    where: 'dgm-bench run',
    argument: '--data-dir',
    expected: `to be the CSV file that --dataset ${name} reads`,
    actual: 'undefined',
  });
}
