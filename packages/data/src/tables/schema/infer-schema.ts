import { ArgumentError, checkOneOf, checkOptions } from '@dgm/core';
import { checkTextTable, type TextTable } from '../text/text-table';
import { checkColumn, Column } from './column';
import { DATE_FORMATS, dateFormat } from './date-format';
import {
  DecimalReader,
  formatDecimal,
  MOST_DECIMALS,
  powerOfTen,
  unitsOf,
  type DecimalMark,
} from './decimal';
import {
  KINDS,
  type CategorySchema,
  type ColumnKind,
  type ColumnSchema,
  type DateSchema,
  type OtherSchema,
  type TableSchema,
} from './schema';

/** What is known of a column beforehand. */
export interface ColumnOverride {
  readonly kind?: ColumnKind;
  /** The levels of an ordinal column, in their order. */
  readonly levels?: readonly string[];
  /** The form of dates, such as `DD/MM/YYYY`. */
  readonly format?: string;
  readonly decimalMark?: DecimalMark;
}

export interface InferSchemaOptions {
  /**
   * The cells that stand for a missing value.
   * @defaultValue the empty cell, and each of NA, N/A, NaN, nan, null, NULL, None, ? that stands among the numbers or dates of a column
   */
  readonly missingValues?: readonly string[];
  /** Corrections by the column's name. */
  readonly columns?: Readonly<Record<string, ColumnOverride>>;
}

/**
 * Infers what the columns of a table hold, from all of its rows. What could be read in two ways stays text, and `why` says
 * how to decide it: dates whose day and month may be exchanged, commas that may stand before decimals or thousands.
 *
 * @param table - the rows to infer from; of training rows alone where others are held out
 * @throws ArgumentError if two columns have one name, or a correction names no column or does not fit its cells
 * @example
 * ```ts
 * const schema = inferSchema(table, { columns: { cut: { levels: ['Fair', 'Good', 'Ideal'] } } });
 * for (const { name, kind, why } of schema.columns) console.log(name, kind, why);
 * ```
 */
export function inferSchema(table: TextTable, options: InferSchemaOptions = {}): TableSchema {
  checkTextTable('inferSchema', 'table', table);
  checkOptions('inferSchema', options, ['missingValues', 'columns']);
  const names = table.columns.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ArgumentError({
      where: 'inferSchema',
      argument: 'columns',
      expected: 'to have different names',
      actual: `"${twice}" twice`,
    });
  }
  const overrides = options.columns ?? {};
  for (const [name, override] of Object.entries(overrides)) {
    checkColumn('inferSchema', name, names);
    checkOptions('inferSchema', override, ['kind', 'levels', 'format', 'decimalMark']);
    if (override.kind !== undefined) checkOneOf('inferSchema', `kind of ${name}`, override.kind, KINDS);
  }
  const candidates = options.missingValues ?? ['', ...MARKS];
  const marks = options.missingValues ?? ['', ...usedMarks(table, overrides)];
  const missing = new Set(marks);
  const { separator, newline } = table.dialect;
  return {
    format: 'dgm.table-schema',
    version: 1,
    dialect: { separator, newline },
    missingValues: candidates.filter((mark) => missing.has(mark)),
    columns: table.columns.map((cells) =>
      inferColumn(new Column(cells, missing), overrides[cells.name] ?? {}),
    ),
  };
}

/** Numbers of a column, as far as all of its cells are numbers. */
interface Numbers {
  readonly decimals: [number, number];
  readonly digits: number;
  /** Whether some values have more decimals than are kept. */
  readonly isRounded: boolean;
  /** The largest absolute value in units of the kept decimals. */
  readonly largest: number;
  readonly irregular: number;
  readonly range: [number, number];
  readonly values: Float64Array;
  readonly distinct: number;
  readonly hasLeadingZeros: boolean;
}

function inferColumn(column: Column, override: ColumnOverride): ColumnSchema {
  const { name, count } = column.cells;
  const rows = column.present();
  const base = { name, missing: count - rows.length };
  const kind = override.kind ?? impliedKind(override);
  if (kind !== undefined) return forcedColumn(column, rows, base, { ...override, kind });
  if (rows.length === 0) return { ...base, kind: 'constant', why: 'all cells are missing' };

  const date = findDate(column, rows);
  if (date?.format === 'YYYYMMDD') return dateColumn(column, rows, base, date.format);
  const numbers = readNumbers(column, rows, '.');
  if (numbers && !numbers.hasLeadingZeros) return numberColumn(base, numbers, rows.length, '.');
  if (date?.format !== undefined) return dateColumn(column, rows, base, date.format);

  const texts = textColumn(column, rows, base);
  if (numbers) return { ...texts, why: `numbers with leading zeros, kept as text; ${texts.why}` };
  if (date) {
    const why = `could be dates as ${date.candidates.join(' or ')}, and no cell decides it: set kind "date" and the format; ${texts.why}`;
    return { ...texts, why };
  }
  const withComma = readNumbers(column, rows, ',');
  if (withComma && !withComma.hasLeadingZeros) {
    // 1,234 is 1.234 or 1234.
    const isDecided = withComma.decimals[0] !== 3 || withComma.decimals[1] !== 3;
    if (isDecided) return numberColumn(base, withComma, rows.length, ',');
    return { ...texts, why: `commas may stand before decimals or thousands: set decimalMark; ${texts.why}` };
  }
  return texts;
}

type Base = Pick<ColumnSchema, 'name' | 'missing'>;

function impliedKind({ levels, format, decimalMark }: ColumnOverride): ColumnKind | undefined {
  if (levels) return 'ordinal';
  if (format !== undefined) return 'date';
  return decimalMark === undefined ? undefined : 'decimal';
}

/** A column whose kind somebody has set. */
function forcedColumn(
  column: Column,
  rows: Int32Array,
  base: Base,
  override: ColumnOverride & { readonly kind: ColumnKind },
): ColumnSchema {
  const { kind } = override;
  const refuse = (expected: string, actual: string): never => {
    throw new ArgumentError({ where: 'inferSchema', argument: `column ${base.name}`, expected, actual });
  };
  switch (kind) {
    case 'integer':
    case 'decimal':
    case 'real': {
      const mark = override.decimalMark ?? '.';
      const numbers = readNumbers(column, rows, mark);
      if (!numbers) return refuse(`to hold numbers, as kind ${kind}`, 'other text');
      const inferred = numberColumn(base, numbers, rows.length, mark, { asNumber: true });
      return { ...inferred, why: `set; ${inferred.why}` };
    }
    case 'date': {
      const format = override.format ?? findDate(column, rows)?.format;
      if (format === undefined) return refuse('to come with the format of its dates', 'none');
      const form = dateFormat(format);
      const row = rows.find((at) => Number.isNaN(form.parse(column.cells.text(at))));
      if (row !== undefined)
        return refuse(`to hold dates as ${format}`, `"${column.cells.text(row)}" in row ${row + 1}`);
      return dateColumn(column, rows, base, format);
    }
    case 'category':
    case 'ordinal':
    case 'boolean': {
      const counts = countTexts(column, rows);
      const levels = override.levels ?? levelsOf(counts);
      const known = new Set(levels);
      const unknown = [...counts.keys()].find((text) => !known.has(text));
      if (unknown !== undefined && override.levels)
        return refuse(`to hold the levels ${levels.join(', ')}`, `"${unknown}"`);
      return { ...base, kind, levels, why: `set; ${levels.length} levels` };
    }
    case 'constant':
      return { ...base, kind, ...(rows.length > 0 && { value: column.cells.text(rows[0]!) }), why: 'set' };
    default:
      return { ...base, kind, why: 'set' };
  }
}

function readNumbers(column: Column, rows: Int32Array, mark: DecimalMark): Numbers | undefined {
  const reader = new DecimalReader(mark);
  const { bytes, ends } = column.cells;
  const decimals: [number, number] = [Infinity, 0];
  // A number is its mantissa times a power of ten.
  const [mantissas, powers] = [new Float64Array(rows.length), new Int32Array(rows.length)];
  let [digits, irregular, hasLeadingZeros, size] = [0, 0, false, 0];
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    if (!reader.read(bytes, column.cells.start(row), ends[row]!)) return undefined;
    if (reader.exponent !== 0 && Math.abs(reader.exponent) > 400) return undefined;
    const own = Math.max(0, reader.decimals - reader.exponent);
    if (own < decimals[0]) decimals[0] = own;
    if (own > decimals[1]) decimals[1] = own;
    if (reader.digits > digits) digits = reader.digits;
    if (reader.isIrregular) irregular++;
    if (reader.hasLeadingZero) hasLeadingZeros = true;
    mantissas[index] = reader.mantissa;
    powers[index] = reader.exponent - reader.decimals;
    size = Math.max(size, Math.abs(reader.mantissa) * powerOfTen(powers[index]!));
  }
  // Cells of 0.3 and 0.25 are written with as few digits as they need; 0.30 is written with two because all are.
  const [least, most] = [decimals[0] === decimals[1] ? decimals[1] : Math.min(decimals[0], 1), decimals[1]];
  // Values from 0.001 to 1e13 do not fit on one grid of whole numbers.
  const fitting = Math.max(0, REAL_DIGITS - Math.ceil(Math.log10(size + 1)));
  const isExact = most <= MOST_DECIMALS && size * 10 ** most < 10 ** EXACT_DIGITS;
  const kept = isExact ? most : Math.min(most, MOST_DECIMALS, fitting);
  const values = new Float64Array(rows.length);
  const range: [number, number] = [Infinity, -Infinity];
  for (let index = 0; index < rows.length; index++) {
    const value = unitsOf(mantissas[index]!, kept + powers[index]!);
    values[index] = value;
    if (value < range[0]) range[0] = value;
    if (value > range[1]) range[1] = value;
  }
  return {
    decimals: [Math.min(least, kept), kept],
    digits,
    isRounded: kept < most,
    largest: Math.max(-range[0], range[1]),
    irregular,
    range,
    values,
    distinct: countDistinct(values, range),
    hasLeadingZeros,
  };
}

/** How many different integers there are in a range. */
function countDistinct(values: Float64Array, [low, high]: readonly [number, number]): number {
  if (values.length === 0 || high - low >= FLAGS) return new Set(values).size;
  const isSeen = new Uint8Array(high - low + 1);
  let count = 0;
  for (const value of values) {
    const at = value - low;
    if (isSeen[at] === 0) count++;
    isSeen[at] = 1;
  }
  return count;
}

/** Numbers of a range up to this size are counted by flags, several times as fast as by a set. */
const FLAGS = 2 ** 22;

function numberColumn(
  base: Base,
  numbers: Numbers,
  count: number,
  mark: DecimalMark,
  { asNumber = false } = {},
): ColumnSchema {
  const { decimals, digits, isRounded, largest, irregular, range, distinct, values } = numbers;
  const most = decimals[1];
  const write = (units: number) => formatDecimal(units, decimals, mark);
  if (most === 0 && (digits > EXACT_DIGITS || largest >= 10 ** EXACT_DIGITS)) {
    return {
      ...base,
      kind: 'id',
      why: `whole numbers of up to ${digits} digits, more than a number holds: kept as text`,
    };
  }
  if (!asNumber) {
    if (distinct === 1 && base.missing === 0 && irregular === 0) {
      return { ...base, kind: 'constant', value: write(range[0]), why: 'all cells are equal' };
    }
    if (most === 0 && range[0] === 0 && range[1] === 1 && distinct === 2 && irregular === 0) {
      return { ...base, kind: 'boolean', levels: ['0', '1'], why: 'all cells are 0 or 1' };
    }
    const isConsecutive = values.every((value, index) => index === 0 || value === values[index - 1]! + 1);
    if (most === 0 && count >= 20 && base.missing === 0 && isConsecutive) {
      return { ...base, kind: 'id', why: `the rows are numbered from ${range[0]} to ${range[1]}` };
    }
  }
  const spelling = irregular === 0 ? '' : `; ${irregular} cells are spelt otherwise, such as +5, .5 or 1e3`;
  const facts = `${distinct} different values from ${write(range[0])} to ${write(range[1])}${spelling}`;
  const common = { ...base, range, ...(mark === ',' && { decimalMark: mark }) };
  if (most === 0 && !isRounded)
    return { ...common, kind: 'integer', decimals: [0, 0], why: `whole numbers; ${facts}` };
  if (isRounded || digits > EXACT_DIGITS) {
    return {
      ...common,
      kind: 'real',
      decimals: [0, most],
      why: `numbers of up to ${digits} digits, rounded to ${most} decimals; ${facts}`,
    };
  }
  return { ...common, kind: 'decimal', decimals, why: `numbers with up to ${most} decimals; ${facts}` };
}

/** The forms of date that fit all cells; `format` is missing where they disagree on one of them. */
function findDate(
  column: Column,
  rows: Int32Array,
): { readonly format?: string; readonly candidates: readonly string[] } | undefined {
  let forms = DATE_FORMS;
  let isAmbiguous = false;
  for (const row of rows) {
    const length = column.cells.ends[row]! - column.cells.start(row);
    if (length < 5 || length > 24) return undefined;
    const text = column.cells.text(row);
    forms = forms.filter((form) => !Number.isNaN(form.parse(text)));
    const [first] = forms;
    if (first === undefined) return undefined;
    if (forms.length === 1 && first.format === 'YYYYMMDD' && !/^(19|20)/.test(text)) return undefined;
  }
  const [first] = forms;
  if (first === undefined || rows.length === 0) return undefined;
  if (forms.length > 1) {
    isAmbiguous = rows.some((row) => {
      const text = column.cells.text(row);
      return forms.some((form) => form.parse(text) !== first.parse(text));
    });
  }
  const candidates = forms.map(({ format }) => format);
  return isAmbiguous ? { candidates } : { format: first.format, candidates };
}

function dateColumn(column: Column, rows: Int32Array, base: Base, format: string): DateSchema {
  const form = dateFormat(format);
  const range: [number, number] = [Infinity, -Infinity];
  for (const row of rows) {
    const value = form.parse(column.cells.text(row));
    range[0] = Math.min(range[0], value);
    range[1] = Math.max(range[1], value);
  }
  const why = `dates as ${format} from ${form.text(range[0])} to ${form.text(range[1])}`;
  return { ...base, kind: 'date', format, range, why };
}

function textColumn(column: Column, rows: Int32Array, base: Base): CategorySchema | OtherSchema {
  const counts = countTexts(column, rows);
  const distinct = counts.size;
  const [first, second] = [...counts.keys()].map((text) => text.toLowerCase());
  if (distinct === 1 && base.missing === 0) {
    return { ...base, kind: 'constant', value: [...counts.keys()][0]!, why: 'all cells are equal' };
  }
  if (distinct === 2 && BOOLEANS.some((pair) => pair.includes(first!) && pair.includes(second!))) {
    const levels = levelsOf(counts);
    return { ...base, kind: 'boolean', levels, why: `all cells are ${levels.join(' or ')}` };
  }
  if (distinct > MOST_LEVELS || distinct > rows.length / 2) {
    const isCode = [...counts.keys()].every((text) => text.length <= 40 && !/\s/.test(text));
    const kind = isCode ? 'id' : 'text';
    return { ...base, kind, why: `${distinct} different texts in ${rows.length} cells` };
  }
  return {
    ...base,
    kind: 'category',
    levels: levelsOf(counts),
    why: `${distinct} different texts in ${rows.length} cells`,
  };
}

function countTexts(column: Column, rows: Int32Array): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const text = column.cells.text(row);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}

const levelsOf = (counts: ReadonlyMap<string, number>) => [...counts.keys()].sort();

/** The marks that stand in columns of numbers or dates otherwise. */
function usedMarks(table: TextTable, overrides: Readonly<Record<string, ColumnOverride>>): Set<string> {
  const used = new Set<string>();
  const all = new Set(['', ...MARKS]);
  for (const cells of table.columns) {
    const kind = overrides[cells.name]?.kind;
    if (kind === 'category' || kind === 'ordinal' || kind === 'text' || kind === 'id') continue;
    const column = new Column(cells, all);
    const found = new Set<string>();
    for (let row = 0; row < cells.count; row++) {
      if (cells.ends[row]! > cells.start(row) && column.isMissing(row)) found.add(cells.text(row));
    }
    if (found.size === 0) continue;
    const rows = column.present();
    const isTyped =
      rows.length > 0 && (readNumbers(column, rows, '.') ?? findDate(column, rows)) !== undefined;
    if (isTyped) for (const mark of found) used.add(mark);
  }
  return used;
}

const DATE_FORMS = DATE_FORMATS.map(dateFormat);
const MARKS = ['NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '?'];
const BOOLEANS = [
  ['yes', 'no'],
  ['true', 'false'],
  ['y', 'n'],
  ['t', 'f'],
];
/** Digits that a double holds exactly. */
const EXACT_DIGITS = 15;
/** Digits of the largest value of a column that has too many. */
const REAL_DIGITS = 12;
const MOST_LEVELS = 1000;
