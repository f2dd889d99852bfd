import { closest, SerializationError } from '@dgm/core';
import { MOST_DECIMALS } from './decimal';
import {
  KINDS,
  type CategorySchema,
  type ColumnKind,
  type ColumnSchema,
  type NumberSchema,
  type OtherSchema,
  type TableSchema,
} from './schema';

/**
 * The schema that a JSON text holds, such as one that {@link inferSchema} made and somebody corrected.
 * @throws SerializationError naming the member that is missing or wrong
 *
 * @example
 * ```ts
 * const table = parseTextTable('name;size\nash;3\noak;5\n');
 * const schema = parseSchema(JSON.stringify(inferSchema(table)));
 * ```
 */
export function parseSchema(json: string): TableSchema {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw refusal('the schema', 'to be JSON', 'other text', cause);
  }
  const { format, version, dialect, missingValues, columns } = asRecord(value, 'the schema');
  if (format !== 'dgm.table-schema')
    throw refusal('format', 'to be "dgm.table-schema"', JSON.stringify(format));
  if (version !== 1)
    throw refusal('version', 'to be 1; a newer package may read it', JSON.stringify(version));
  const { separator, newline } = asRecord(dialect, 'dialect');
  if (typeof separator !== 'string' || separator.length !== 1) {
    throw refusal('dialect.separator', 'to be one character', JSON.stringify(separator));
  }
  if (newline !== '\n' && newline !== '\r\n' && newline !== '\r') {
    throw refusal('dialect.newline', 'to be a line end', JSON.stringify(newline));
  }
  checkTexts(missingValues, 'missingValues');
  if (!Array.isArray(columns) || columns.length === 0) {
    throw refusal('columns', 'to be a list of columns', JSON.stringify(columns));
  }
  return {
    format,
    version,
    dialect: { separator, newline },
    missingValues,
    columns: columns.map((column, index) => checkedColumn(column, `columns[${index}]`)),
  };
}

function checkedColumn(value: unknown, argument: string): ColumnSchema {
  const column = asRecord(value, argument);
  const { name, kind } = column;
  if (typeof name !== 'string') throw refusal(`${argument}.name`, 'to be text', JSON.stringify(name));
  if (!KINDS.includes(kind as ColumnKind)) {
    const close = typeof kind === 'string' ? closest(kind, KINDS) : undefined;
    const remedy = close === undefined ? '' : `; did you mean "${close}"`;
    throw refusal(`${argument}.kind`, `to be one of ${KINDS.join(', ')}`, JSON.stringify(kind) + remedy);
  }
  const base = {
    name,
    missing: typeof column['missing'] === 'number' ? column['missing'] : 0,
    why: typeof column['why'] === 'string' ? column['why'] : 'set',
  };
  switch (kind as ColumnKind) {
    case 'integer':
    case 'decimal':
    case 'real': {
      const [decimals, range] = [column['decimals'] ?? [0, 0], column['range']];
      checkPair(decimals, `${argument}.decimals`);
      checkPair(range, `${argument}.range`);
      if (decimals[0] < 0 || decimals[1] > MOST_DECIMALS) {
        throw refusal(`${argument}.decimals`, `to be from 0 to ${MOST_DECIMALS}`, JSON.stringify(decimals));
      }
      const mark = column['decimalMark'];
      if (mark !== undefined && mark !== '.' && mark !== ',') {
        throw refusal(`${argument}.decimalMark`, 'to be "." or ","', JSON.stringify(mark));
      }
      return {
        ...base,
        kind: kind as NumberSchema['kind'],
        decimals,
        range,
        ...(mark !== undefined && { decimalMark: mark }),
      };
    }
    case 'date': {
      const [format, range] = [column['format'], column['range']];
      if (typeof format !== 'string' || !/YYYY|HH/.test(format)) {
        throw refusal(`${argument}.format`, 'to be a form such as YYYY-MM-DD', JSON.stringify(format));
      }
      checkPair(range, `${argument}.range`);
      return { ...base, kind: 'date', format, range };
    }
    case 'category':
    case 'ordinal':
    case 'boolean': {
      const levels = column['levels'];
      checkTexts(levels, `${argument}.levels`);
      if (new Set(levels).size !== levels.length)
        throw refusal(`${argument}.levels`, 'to be different', 'one twice');
      return { ...base, kind: kind as CategorySchema['kind'], levels };
    }
    default: {
      const content = column['value'];
      return {
        ...base,
        kind: kind as OtherSchema['kind'],
        ...(typeof content === 'string' && { value: content }),
      };
    }
  }
}

function asRecord(value: unknown, argument: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw refusal(argument, 'to be an object', JSON.stringify(value));
}

function checkTexts(value: unknown, argument: string): asserts value is readonly string[] {
  if (Array.isArray(value) && value.every((text) => typeof text === 'string')) return;
  throw refusal(argument, 'to be a list of texts', JSON.stringify(value));
}

function checkPair(value: unknown, argument: string): asserts value is readonly [number, number] {
  const isPair =
    Array.isArray(value) && value.length === 2 && value.every((end) => Number.isSafeInteger(end));
  if (isPair && (value[0] as number) <= (value[1] as number)) return;
  throw refusal(argument, 'to be two integers, the smaller one first', JSON.stringify(value));
}

function refusal(
  argument: string,
  expected: string,
  actual: string | undefined,
  cause?: unknown,
): SerializationError {
  return new SerializationError({
    where: 'parseSchema',
    argument,
    expected,
    actual: actual ?? 'nothing',
    ...(cause !== undefined && { cause }),
  });
}
