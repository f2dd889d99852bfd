import { checkGiven, SerializationError } from '@dgm/core';
import type { TextCells } from '../text/text-cells';
import { checkTextTable, type TextTable } from '../text/text-table';
import { checkColumn, Column } from './column';
import { dateFormat } from './date-format';
import { DecimalReader, formatDecimal } from './decimal';
import type { ColumnSchema, TableSchema } from './schema';

/** The cells of a table as numbers, by a schema. */
export interface TypedTable {
  readonly count: number;
  readonly columns: readonly TypedColumn[];
}

/** A column of a table as numbers, with the schema that gives them a meaning. */
export interface TypedColumn {
  readonly schema: ColumnSchema;
  /**
   * `[count]`: numbers and dates in units of their schema, categories as indices of levels; NaN where missing, -1 for a text
   * that is no level. Columns that no model describes have 0 for a value.
   */
  readonly values: Float64Array;
}

/**
 * Reads the cells of a table by a schema.
 * @param table - has all columns of the schema, in any order; others are left out
 * @throws ArgumentError if a column is not there, with the closest name
 * @throws SerializationError at the first cell that is neither missing nor of its column's kind
 *
 * @example
 * ```ts
 * const table = parseTextTable('name;size\nash;3\noak;5\n');
 * const typed = readCells(table, inferSchema(table));
 * ```
 */
export function readCells(table: TextTable, schema: TableSchema): TypedTable {
  checkTextTable('readCells', 'table', table);
  checkGiven('readCells', 'schema', schema?.columns, 'to be a schema, such as inferSchema gives');
  const names = table.columns.map(({ name }) => name);
  const missing = new Set(schema.missingValues);
  return {
    count: table.count,
    columns: schema.columns.map((column) => {
      checkColumn('readCells', column.name, names);
      return { schema: column, values: valuesOf(new Column(table.column(column.name), missing), column) };
    }),
  };
}

/**
 * Reads the cells of one column by its schema, as {@link readCells} does, but leaves out what is not of the column's kind.
 * @param missingValues - the cells that stand for a missing value
 * @returns `[count]`: values as in {@link TypedColumn}, with NaN also for a text that is not of the column's kind
 */
export function readColumn(
  cells: TextCells,
  schema: ColumnSchema,
  missingValues: readonly string[],
): Float64Array {
  const column = new Column(cells, new Set(missingValues));
  const read = cellReader(cells, schema);
  return Float64Array.from({ length: cells.count }, (_, row) =>
    column.isMissing(row) ? NaN : (read(row) ?? NaN),
  );
}

/**
 * The text of a value, as its column is written.
 * @param value - as in {@link TypedColumn}
 * @param missing - the text of a missing value
 */
export function formatCell(schema: ColumnSchema, value: number, missing = ''): string {
  if (Number.isNaN(value)) return missing;
  switch (schema.kind) {
    case 'integer':
    case 'decimal':
    case 'real':
      return formatDecimal(value, schema.decimals, schema.decimalMark);
    case 'date':
      return dateFormat(schema.format).text(value);
    case 'category':
    case 'ordinal':
    case 'boolean':
      return schema.levels[value] ?? missing;
    case 'constant':
      return schema.value ?? missing;
    default:
      return missing;
  }
}

function valuesOf(column: Column, schema: ColumnSchema): Float64Array {
  const { cells } = column;
  const values = new Float64Array(cells.count);
  const read = cellReader(cells, schema);
  for (let row = 0; row < values.length; row++) {
    const value = column.isMissing(row) ? NaN : read(row);
    if (value === undefined) {
      throw new SerializationError({
        where: 'readCells',
        argument: `row ${row + 1}, column ${schema.name}`,
        expected: expectedOf(schema),
        actual: `"${cells.text(row)}"`,
        remedy: 'name the marks of missing values, or correct the kind of the column',
      });
    }
    values[row] = value;
  }
  return values;
}

/** What a cell has to be to have a value. */
function expectedOf(schema: ColumnSchema): string {
  if (schema.kind === 'date') return `to be a date as ${schema.format}`;
  if (schema.kind === 'integer' || schema.kind === 'decimal') {
    return `to be a number with at most ${schema.decimals[1]} decimals`;
  }
  return 'to be a number';
}

/** Reads the cell of a row that is not missing; undefined if it is not of its column's kind. */
function cellReader(cells: TextCells, schema: ColumnSchema): (row: number) => number | undefined {
  switch (schema.kind) {
    case 'integer':
    case 'decimal':
    case 'real': {
      const reader = new DecimalReader(schema.decimalMark);
      const [, most] = schema.decimals;
      return (row) => {
        const isNumber = reader.read(cells.bytes, cells.start(row), cells.ends[row]!);
        const isFine = schema.kind !== 'real' && reader.decimals - reader.exponent > most;
        return isNumber && !isFine ? reader.inUnits(most) : undefined;
      };
    }
    case 'date': {
      const form = dateFormat(schema.format);
      return (row) => {
        const value = form.parse(cells.text(row));
        return Number.isNaN(value) ? undefined : value;
      };
    }
    case 'category':
    case 'ordinal':
    case 'boolean': {
      const index = new Map(schema.levels.map((level, at) => [level, at]));
      return (row) => index.get(cells.text(row)) ?? -1;
    }
    default:
      return () => 0;
  }
}
