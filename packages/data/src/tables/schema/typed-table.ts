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
  for (let row = 0; row < values.length; row++) values[row] = column.isMissing(row) ? NaN : read(row);
  return values;
}

function cellReader(cells: TextCells, schema: ColumnSchema): (row: number) => number {
  const refuse = (row: number, expected: string): never => {
    throw new SerializationError({
      where: 'readCells',
      argument: `row ${row + 1}, column ${schema.name}`,
      expected,
      actual: `"${cells.text(row)}"`,
      remedy: 'name the marks of missing values, or correct the kind of the column',
    });
  };
  switch (schema.kind) {
    case 'integer':
    case 'decimal':
    case 'real': {
      const reader = new DecimalReader(schema.decimalMark);
      const [, most] = schema.decimals;
      return (row) => {
        const isNumber = reader.read(cells.bytes, cells.start(row), cells.ends[row]!);
        if (!isNumber) return refuse(row, 'to be a number');
        if (schema.kind !== 'real' && reader.decimals - reader.exponent > most) {
          return refuse(row, `to be a number with at most ${most} decimals`);
        }
        return reader.inUnits(most);
      };
    }
    case 'date': {
      const form = dateFormat(schema.format);
      return (row) => {
        const value = form.parse(cells.text(row));
        return Number.isNaN(value) ? refuse(row, `to be a date as ${schema.format}`) : value;
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
