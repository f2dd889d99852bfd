import { checkInteger, SerializationError } from '@dgm/core';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Examples } from '../dataset';
import { nameOf, textOf, type FileSource } from '../internal/files';
import { NumberTable, type CsvExamples, type CsvOptions } from '../tables/csv';
import { identify, shuffled, type FileExamples } from './example-source';

export interface CsvSourceOptions extends CsvOptions {
  /** How many rows are shuffled at a time; 1 keeps the order of the file. @defaultValue 65536 */
  readonly window?: number;
}

/** The rows of a table as they are needed. */
export interface CsvSource extends FileExamples, Pick<CsvExamples, 'columns' | 'classes' | 'dropped'> {}

/**
 * The numbers of a comma-separated file that is larger than memory, for `fit`. The file is read once now, which finds its
 * faults, its rows and its classes, and once more for each epoch, with a window of rows in memory.
 *
 * @param source - a path, in Node, or a `Blob`, as for {@link csv}
 * @throws as {@link csv}; `read` throws SerializationError if the file has changed
 *
 * @example
 * ```ts
 * const source = await csvSource('measurements.csv', { label: 'class' });
 * const model = realNvp({ dims: source.shape[0]!, key });
 * await fit(model, { train: source }, { key, optimizer, batchSize: 256, epochs: 5 });
 * ```
 */
export async function csvSource(source: FileSource, options: CsvSourceOptions = {}): Promise<CsvSource> {
  const { window = 2 ** 16, ...csvOptions } = options;
  checkInteger('csvSource', 'window', window);
  const tableOptions = { name: nameOf(source), ...csvOptions };
  const first = new NumberTable(tableOptions);
  const hash = sha256.create();
  for await (const piece of textOf(source, 'csvSource')) {
    hash.update(utf8ToBytes(piece));
    first.push(piece);
    first.drain(undefined);
  }
  const { columns, labels, classes } = first.end();
  const { count, dropped } = first;

  async function* rows(): AsyncGenerator<Examples, void> {
    const table = new NumberTable(tableOptions);
    for await (const piece of textOf(source, 'csvSource')) {
      table.push(piece);
      const examples = table.drain(labels);
      if (examples.count > 0) yield examples;
    }
    table.end();
    const last = table.drain(labels);
    if (last.count > 0) yield last;
    if (table.count === count) return;
    throw new SerializationError({
      where: 'csvSource',
      argument: tableOptions.name,
      expected: `to have ${count} rows, as at first`,
      actual: String(table.count),
      remedy: 'make the source anew',
    });
  }

  return {
    shape: [columns.length],
    count,
    id: identify('csv', bytesToHex(hash.digest()), JSON.stringify({ ...csvOptions, window })),
    columns,
    classes,
    dropped,
    read: ({ key }) => shuffled(rows(), { window, size: PIECE, key }),
  };
}

/** Rows that come out at a time. */
const PIECE = 1024;
