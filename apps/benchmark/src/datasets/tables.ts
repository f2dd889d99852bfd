import { ArgumentError, type Dataset } from '@dgm/core';
import { csv, miniboone, tableDataset } from '@dgm/data';

type Table = (file: string, header: boolean | undefined) => Promise<Dataset>;

/** Tables of real numbers, by the names of the command line. */
const tables: Readonly<Record<string, Table>> = {
  csv: async (file, header) =>
    tableDataset(await csv(file, header === undefined ? {} : { header }), { name: 'csv' }),
  miniboone: (file) => miniboone(file),
};

export const tableNames: readonly string[] = Object.keys(tables);

/**
 * The table of that name, split and standardized by the protocol of the published comparisons of flows.
 * @throws ArgumentError if its file is not given
 */
export async function loadTable(
  name: string,
  file: string | undefined,
  header: boolean | undefined,
): Promise<Dataset> {
  if (file !== undefined) return tables[name]!(file, header);
  throw new ArgumentError({
    where: 'dgm-bench run',
    argument: '--data-dir',
    expected: `to be the CSV file that --dataset ${name} reads`,
    actual: 'undefined',
  });
}
