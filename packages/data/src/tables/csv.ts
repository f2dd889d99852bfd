import { ArgumentError, SerializationError } from '@dgm/core';
import type { Examples } from '../dataset';
import { readText } from '../internal/files';

export interface CsvOptions {
  /** Whether the first line names the columns. */
  readonly header?: boolean;
  /** The column of the class: its name, or its index from 0; negative from the end. None by default. */
  readonly label?: string | number;
  readonly separator?: string;
  /** What the text is called in errors. */
  readonly name?: string;
}

/**
 * Reads numbers from a comma-separated file, gzipped or not: one example per line.
 *
 * @param path - a file of UTF-8 text
 * @returns float32 values of shape `[columns]`, without the label column
 * @throws SerializationError with file, row and column at the first field that is not a finite number
 */
export async function csv(path: string, options: CsvOptions = {}): Promise<Examples> {
  return parseCsv(await readText(path, 'csv'), { name: path, ...options });
}

/**
 * Reads numbers from comma-separated text: one example per line.
 *
 * @returns float32 values of shape `[columns]`, without the label column
 * @throws SerializationError with row and column (from 1) at the first field that is not a finite number
 * @throws ArgumentError if there is no such label column
 */
export function parseCsv(
  text: string,
  { header = false, label, separator = ',', name = 'text' }: CsvOptions = {},
): Examples {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  while (lines.at(-1) === '') lines.pop();
  const names = lines[0]?.split(separator).map((field) => field.trim()) ?? [];
  const width = names.length;
  const first = header ? 1 : 0;
  const count = lines.length - first;
  if (count < 1) {
    throw new SerializationError({
      where: 'csv',
      argument: name,
      expected: 'to hold rows of numbers',
      actual: 'none',
    });
  }
  const labelColumn = label === undefined ? -1 : findColumn(label, { names, header });
  const size = width - (labelColumn < 0 ? 0 : 1);
  const values = new Float32Array(count * size);
  const labels = labelColumn < 0 ? undefined : new Int32Array(count);
  for (let row = 0, next = 0; row < count; row++) {
    const fields = lines[row + first]!.split(separator);
    if (fields.length !== width) {
      throw new SerializationError({
        where: 'csv',
        argument: `${name}, row ${row + first + 1}`,
        expected: `of ${width} columns, as in row 1`,
        actual: String(fields.length),
      });
    }
    for (let column = 0; column < width; column++) {
      const isLabel = labels !== undefined && column === labelColumn;
      const value = parseField(
        fields[column]!,
        isLabel,
        `${name}, row ${row + first + 1}, column ${column + 1}`,
      );
      if (isLabel) labels[row] = value;
      else values[next++] = value;
    }
  }
  return { count, shape: [size], values, ...(labels ? { labels } : {}) };
}

function parseField(field: string, isLabel: boolean, place: string): number {
  const value = field.trim() === '' ? NaN : Number(field);
  const fits = isLabel
    ? Number.isInteger(value) && Math.abs(value) < 2 ** 31
    : Number.isFinite(Math.fround(value));
  if (fits) return value;
  throw new SerializationError({
    where: 'csv',
    argument: place,
    expected: isLabel ? 'to be an integer label' : 'to be a finite number',
    actual: JSON.stringify(field),
  });
}

function findColumn(
  label: string | number,
  { names, header }: { readonly names: readonly string[]; readonly header: boolean },
): number {
  const column =
    typeof label === 'string'
      ? header
        ? names.indexOf(label)
        : -1
      : label < 0
        ? names.length + label
        : label;
  if (Number.isInteger(column) && column >= 0 && column < names.length) return column;
  throw new ArgumentError({
    where: 'csv',
    argument: 'label',
    expected: header
      ? `to be one of the columns ${names.join(', ')}`
      : `to be a column from 0 to ${names.length - 1}`,
    actual: JSON.stringify(label),
    ...(typeof label === 'string' && !header
      ? { remedy: 'set header: true where the first line names the columns' }
      : {}),
  });
}
