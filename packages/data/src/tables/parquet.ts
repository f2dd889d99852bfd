import { checkInteger, checkOptions, DgmError, SerializationError } from '@dgm/core';
import { nameOf, openFile, reason, type FileSource, type RandomAccess } from '../internal/files';
import { TextTable } from './text/text-table';

/** What `import * as hyparquet from 'hyparquet'` gives. Structural, so that the package need not be there for the types. */
export interface ParquetModule {
  readonly parquetMetadataAsync: (file: never) => Promise<unknown>;
  readonly parquetRead: (options: never) => Promise<void>;
}

export interface ParquetOptions {
  /** What the file is called in errors. */
  readonly name?: string;
  /**
   * The modules, for programs that go through a bundler, which does not see optional imports: `hyparquet`, and `compressors` of
   * `hyparquet-compressors`.
   * @defaultValue the installed ones
   */
  readonly modules?: { readonly hyparquet: ParquetModule; readonly compressors: object };
}

/**
 * Reads a Parquet file as text, with a decimal text for each value that gives the value again: integers with all of their digits,
 * dates and times in the form of ISO 8601, `true` and `false`, and empty cells for null.
 *
 * It needs the packages `hyparquet` and `hyparquet-compressors`, which read all of Parquet's codecs but LZO.
 *
 * @param source - a path, in Node, a `Blob`, or the bytes of a file
 * @throws SerializationError naming the file: it cannot be read, is damaged, or has a column of a type that has no such text (lists,
 * structs, bytes, times of day, decimals of more than 15 digits); or a package that is not installed
 * @example
 * ```ts
 * const table = await readParquet('cars.parquet');
 * console.log(table.count, inferSchema(table).columns);
 * ```
 */
export async function readParquet(
  source: FileSource | Uint8Array,
  options: ParquetOptions = {},
): Promise<TextTable> {
  checkOptions('readParquet', options, ['name', 'modules']);
  const whole = await openParquet(source, 'readParquet', options);
  try {
    return whole.table(await whole.read(0, whole.count));
  } finally {
    await whole.close();
  }
}

export interface StreamParquetOptions extends ParquetOptions {
  /** How many rows a table has at most. @defaultValue 65536 */
  readonly rows?: number;
}

/**
 * Reads a Parquet file of any size as tables of some rows each, with the texts of {@link readParquet}. It takes the memory of the
 * largest of the file's row groups; columns of times are read twice, for as many decimals as one of their cells needs.
 *
 * @param source - as of {@link readParquet}
 * @throws as {@link readParquet}
 * @example
 * ```ts
 * let rows = 0;
 * for await (const table of streamParquet('large.parquet')) rows += table.count;
 * ```
 */
export async function* streamParquet(
  source: FileSource | Uint8Array,
  options: StreamParquetOptions = {},
): AsyncGenerator<TextTable, void> {
  const where = 'streamParquet';
  checkOptions(where, options, ['rows', 'name', 'modules']);
  const { rows = 65_536, ...others } = options;
  checkInteger(where, 'rows', rows);
  const file = await openParquet(source, where, others);
  try {
    const groups = file.groups();
    const times = file.columns.filter(({ writer }) => writer.see);
    if (times.length > 0 && groups.length > 1) {
      for (const [from, to] of groups) await file.read(from, to, times);
    }
    for (const [from, to] of groups) {
      const values = await file.read(from, to);
      for (let start = 0; start < to - from; start += rows) {
        yield file.table(values.map((column) => column.slice(start, start + rows)));
      }
    }
    if (file.count === 0) yield file.table(file.columns.map(() => []));
  } finally {
    await file.close();
  }
}

/** The modules as this file calls them. */
interface Modules {
  readonly hyparquet: {
    parquetMetadataAsync(file: RandomAccess): Promise<Metadata>;
    parquetRead(options: object): Promise<void>;
  };
  readonly compressors: object;
}

interface Metadata {
  readonly schema: readonly Element[];
  readonly num_rows: bigint;
  readonly row_groups: readonly { readonly num_rows: bigint }[];
}

/** A node of a file's schema; the root comes first. */
interface Element {
  readonly name: string;
  readonly type?: string;
  readonly num_children?: number;
  readonly repetition_type?: string;
  readonly converted_type?: string;
  readonly logical_type?: { readonly type: string };
  readonly scale?: number;
  readonly precision?: number;
}

type Value = number | bigint | boolean | string | null | undefined;

interface Column {
  readonly element: Element;
  readonly writer: Writer;
}

/** Finds the columns of a file. */
async function openParquet(
  source: FileSource | Uint8Array,
  where: string,
  options: ParquetOptions,
): Promise<ParquetFile> {
  const {
    name = ArrayBuffer.isView(source) ? 'file' : nameOf(source),
    modules = await importModules(where),
  } = options;
  const bytes = await openFile(source, where);
  try {
    const { hyparquet } = modules as Modules;
    const metadata = await typedErrors(name, where, () => hyparquet.parquetMetadataAsync(bytes));
    const refuse: Refuse = (expected, actual, cause) => refused(where, name, { expected, actual, cause });
    const columns = metadata.schema.slice(1).map((element) => {
      return { element, writer: writerOf(element, refuse) };
    });
    return new ParquetFile({ bytes, metadata, modules: modules as Modules, columns, refuse, where, name });
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

interface Opened {
  readonly bytes: RandomAccess;
  readonly metadata: Metadata;
  readonly modules: Modules;
  readonly columns: readonly Column[];
  readonly refuse: Refuse;
  readonly where: string;
  readonly name: string;
}

class ParquetFile {
  constructor(private readonly opened: Opened) {}

  get columns(): readonly Column[] {
    return this.opened.columns;
  }

  get count(): number {
    return Number(this.opened.metadata.num_rows);
  }

  /** Where row groups begin and end. */
  groups(): readonly (readonly [from: number, to: number])[] {
    let end = 0;
    return this.opened.metadata.row_groups.map(({ num_rows: rows }) => [end, (end += Number(rows))]);
  }

  /** The values of some rows, by column. */
  async read(
    from: number,
    to: number,
    columns: readonly Column[] = this.columns,
  ): Promise<readonly (readonly Value[])[]> {
    const { bytes, metadata, modules, refuse, where, name } = this.opened;
    const names = columns.map(({ element }) => element.name);
    const values = new Map(names.map((column) => [column, new Array<Value>()]));
    await typedErrors(name, where, () =>
      modules.hyparquet.parquetRead({
        ...{ file: bytes, metadata, compressors: modules.compressors, parsers: PARSERS },
        ...{ rowStart: from, rowEnd: to, columns: names },
        onChunk: (chunk: {
          readonly columnName: string;
          readonly columnData: ArrayLike<Value>;
          readonly rowStart: number;
        }) => {
          const column = values.get(chunk.columnName)!;
          for (let at = 0; at < chunk.columnData.length; at++) {
            column[chunk.rowStart - from + at] = chunk.columnData[at];
          }
        },
      }),
    );
    const short = names.find((column) => values.get(column)!.length !== to - from);
    if (short !== undefined || values.size < names.length) {
      const found = `${values.get(short ?? '')?.length} in ${short}`;
      throw refuse(`to have ${to - from} rows in each column from row ${from + 1} on`, found);
    }
    return columns.map(({ element, writer }) => {
      const column = values.get(element.name)!;
      writer.see?.(column);
      return column;
    });
  }

  /** Writes the values of all columns. */
  table(values: readonly (readonly Value[])[]): TextTable {
    return TextTable.of(
      this.columns.map(({ element, writer }, at) => ({
        name: element.name,
        cells: values[at]!.map((value) => (value === null || value === undefined ? '' : writer.write(value))),
      })),
    );
  }

  close(): Promise<void> {
    return this.opened.bytes.close();
  }
}

/** Values of types that have more digits than a number or a `Date` of JavaScript. */
const PARSERS = {
  timestampFromMilliseconds: (value: bigint) => value * 1_000_000n,
  timestampFromMicroseconds: (value: bigint) => value * 1000n,
  timestampFromNanoseconds: (value: bigint) => value,
  dateFromDays: (days: number) => days,
  stringFromBytes: textOf,
  jsonFromBytes: textOf,
};

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Writes the values of a column. */
interface Writer {
  /** Is shown all values before one is written, where that depends on all. */
  see?(values: readonly Value[]): void;
  write(value: NonNullable<Value>): string;
}

/** @throws SerializationError if values of the type have no text */
function writerOf(element: Element, refused: Refuse): Writer {
  const { name, type, num_children: children = 0, repetition_type: repetition } = element;
  const { converted_type: converted, logical_type: logical, scale = 0, precision = 0 } = element;
  const refuse = (what: string) =>
    refused(`to have columns of numbers, texts, dates and the like`, `column ${name} of ${what}`);
  if (children > 0 || repetition === 'REPEATED') throw refuse('lists or structs');
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') {
    if (precision > 15) throw refuse(`decimals of ${precision} digits`);
    return { write: (value) => Number(value).toFixed(scale) };
  }
  if (converted === 'DATE' || logical?.type === 'DATE') return { write: (days) => isoDate(Number(days)) };
  if (type === 'INT96' || converted?.startsWith('TIMESTAMP') || logical?.type === 'TIMESTAMP')
    return new TimesWriter();
  if (logical?.type === 'TIME' || converted?.startsWith('TIME_')) throw refuse('times of day');
  if (type === 'FLOAT') return { write: (value) => shortestFloat(Number(value)) };
  if (type === 'FIXED_LEN_BYTE_ARRAY' && logical?.type !== 'UUID' && logical?.type !== 'FLOAT16') {
    throw refuse('bytes');
  }
  return { write: String };
}

const isoDate = (days: number): string => new Date(days * 86_400_000).toISOString().replace(/T.*/, '');

/** Times since 1970 in nanoseconds, all with as many decimals of a second as one of them needs, but not one or two. */
class TimesWriter implements Writer {
  #digits = 0;

  see(values: readonly Value[]): void {
    for (const value of values) {
      if (typeof value !== 'bigint') continue;
      const needed = fractionOf(value).replace(/0+$/, '').length;
      // No decimals or three are forms of dates that a schema knows.
      if (needed > 0) this.#digits = Math.max(this.#digits, needed, 3);
    }
  }

  write(value: NonNullable<Value>): string {
    if (typeof value !== 'bigint') return '';
    const fraction = fractionOf(value);
    const seconds = Number((value - BigInt(fraction)) / BILLION);
    const whole = new Date(seconds * 1000).toISOString().replace(/\.000Z$/, '');
    return this.#digits === 0 ? whole : `${whole}.${fraction.slice(0, this.#digits)}`;
  }
}

/** The nanoseconds after the last whole second, in nine digits. */
const fractionOf = (value: bigint): string =>
  String(((value % BILLION) + BILLION) % BILLION).padStart(9, '0');

const BILLION = 1_000_000_000n;

/** The fewest digits that give a float32 again. */
function shortestFloat(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(Number.isFinite(value) ? Number(value.toPrecision(9)) : value);
}

async function importModules(where: string): Promise<NonNullable<ParquetOptions['modules']>> {
  // Variable specifiers keep bundlers from resolving packages that an app may not have.
  const names: readonly string[] = ['hyparquet', 'hyparquet-compressors'];
  try {
    const [hyparquet, { compressors }] = (await Promise.all(
      names.map((name) => import(/* @vite-ignore */ /* webpackIgnore: true */ name)),
    )) as [ParquetModule, { compressors: object }];
    return { hyparquet, compressors };
  } catch (cause) {
    throw new SerializationError({
      where,
      argument: 'modules',
      expected: `to be installed: ${names.join(' and ')}`,
      actual: reason(cause),
      remedy: `npm i ${names.join(' ')}`,
      cause,
    });
  }
}

/** Says of whatever is thrown which file it is about. */
async function typedErrors<T>(name: string, where: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (DgmError.is(cause)) throw cause;
    throw refused(where, name, { expected: 'to be a Parquet file', actual: reason(cause), cause });
  }
}

/** The error of a file. */
type Refuse = (expected: string, actual: string, cause?: unknown) => SerializationError;

function refused(
  where: string,
  name: string,
  { cause, ...found }: { readonly expected: string; readonly actual: string; readonly cause?: unknown },
): SerializationError {
  return new SerializationError({ where, argument: name, ...found, ...(cause !== undefined && { cause }) });
}
