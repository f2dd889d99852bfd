import { checkOptions, DgmError, SerializationError } from '@dgm/core';
import { nameOf, readBytes, type FileSource } from '../internal/files';
import { TextTable } from './text/text-table';

/** What `import * as hyparquet from 'hyparquet'` gives. Structural, so that the package need not be there for the types. */
export interface ParquetModule {
  readonly parquetMetadata: (file: ArrayBuffer) => unknown;
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
  const isBytes = ArrayBuffer.isView(source);
  const { name = isBytes ? 'file' : nameOf(source), modules = await importModules() } = options;
  const bytes = isBytes
    ? new Uint8Array(source)
    : typeof source === 'string'
      ? await readBytes(source, 'readParquet')
      : new Uint8Array(await source.arrayBuffer());
  try {
    return await readTable(bytes.buffer as ArrayBuffer, modules as Modules, name);
  } catch (cause) {
    if (DgmError.is(cause)) throw cause;
    throw refused(name, 'to be a Parquet file', messageOf(cause), cause);
  }
}

/** The modules as this file calls them. */
interface Modules {
  readonly hyparquet: {
    parquetMetadata(file: ArrayBuffer): { readonly schema: readonly Element[]; readonly num_rows: bigint };
    parquetRead(options: object): Promise<void>;
  };
  readonly compressors: object;
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

async function readTable(
  file: ArrayBuffer,
  { hyparquet, compressors }: Modules,
  name: string,
): Promise<TextTable> {
  const metadata = hyparquet.parquetMetadata(file);
  const count = Number(metadata.num_rows);
  const columns = metadata.schema.slice(1).map((element) => {
    return { element, writer: writerOf(element, name), values: new Array<Value>() };
  });
  const byName = new Map(columns.map((column) => [column.element.name, column]));
  await hyparquet.parquetRead({
    file,
    metadata,
    compressors,
    parsers: PARSERS,
    onChunk: (chunk: { columnName: string; columnData: ArrayLike<Value>; rowStart: number }) => {
      const { values } = byName.get(chunk.columnName)!;
      for (let at = 0; at < chunk.columnData.length; at++) values[chunk.rowStart + at] = chunk.columnData[at];
    },
  });
  const short = columns.find(({ values }) => values.length !== count);
  if (short || byName.size < columns.length) {
    throw refused(
      name,
      `to have ${count} rows in each column`,
      `${short?.values.length} in ${short?.element.name}`,
    );
  }
  return TextTable.of(
    columns.map(({ element, values, writer }) => ({ name: element.name, cells: writer(values) })),
  );
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
type Writer = (values: readonly Value[]) => string[];

const each =
  (write: (value: NonNullable<Value>) => string): Writer =>
  (values) =>
    values.map((value) => (value === null || value === undefined ? '' : write(value)));

/** @throws SerializationError if values of the type have no text */
function writerOf(element: Element, file: string): Writer {
  const { name, type, num_children: children = 0, repetition_type: repetition } = element;
  const { converted_type: converted, logical_type: logical, scale = 0, precision = 0 } = element;
  const refuse = (what: string) =>
    refused(file, `to have columns of numbers, texts, dates and the like`, `column ${name} of ${what}`);
  if (children > 0 || repetition === 'REPEATED') throw refuse('lists or structs');
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') {
    if (precision > 15) throw refuse(`decimals of ${precision} digits`);
    return each((value) => Number(value).toFixed(scale));
  }
  if (converted === 'DATE' || logical?.type === 'DATE') return each((days) => isoDate(Number(days)));
  if (type === 'INT96' || converted?.startsWith('TIMESTAMP') || logical?.type === 'TIMESTAMP')
    return writeTimes;
  if (logical?.type === 'TIME' || converted?.startsWith('TIME_')) throw refuse('times of day');
  if (type === 'FLOAT') return each((value) => shortestFloat(Number(value)));
  if (type === 'FIXED_LEN_BYTE_ARRAY' && logical?.type !== 'UUID' && logical?.type !== 'FLOAT16') {
    throw refuse('bytes');
  }
  return each(String);
}

const isoDate = (days: number): string => new Date(days * 86_400_000).toISOString().replace(/T.*/, '');

/** Times since 1970 in nanoseconds, all with as many decimals of a second as one of them needs, but not one or two. */
function writeTimes(values: readonly Value[]): string[] {
  const fraction = (value: bigint) => String(((value % BILLION) + BILLION) % BILLION).padStart(9, '0');
  const needed = values.reduce<number>((most, value) => {
    return typeof value === 'bigint' ? Math.max(most, fraction(value).replace(/0+$/, '').length) : most;
  }, 0);
  // No decimals or three are forms of dates that a schema knows.
  const digits = needed === 0 ? 0 : Math.max(needed, 3);
  return values.map((value) => {
    if (typeof value !== 'bigint') return '';
    const seconds = Number((value - BigInt(fraction(value))) / BILLION);
    const whole = new Date(seconds * 1000).toISOString().replace(/\.000Z$/, '');
    return digits === 0 ? whole : `${whole}.${fraction(value).slice(0, digits)}`;
  });
}

const BILLION = 1_000_000_000n;

/** The fewest digits that give a float32 again. */
function shortestFloat(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(Number.isFinite(value) ? Number(value.toPrecision(9)) : value);
}

async function importModules(): Promise<NonNullable<ParquetOptions['modules']>> {
  // Variable specifiers keep bundlers from resolving packages that an app may not have.
  const names: readonly string[] = ['hyparquet', 'hyparquet-compressors'];
  try {
    const [hyparquet, { compressors }] = (await Promise.all(
      names.map((name) => import(/* @vite-ignore */ /* webpackIgnore: true */ name)),
    )) as [ParquetModule, { compressors: object }];
    return { hyparquet, compressors };
  } catch (cause) {
    throw new SerializationError({
      where: 'readParquet',
      argument: 'modules',
      expected: `to be installed: ${names.join(' and ')}`,
      actual: messageOf(cause),
      remedy: `npm i ${names.join(' ')}`,
      cause,
    });
  }
}

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

function refused(name: string, expected: string, actual: string, cause?: unknown): SerializationError {
  return new SerializationError({
    where: 'readParquet',
    argument: name,
    expected,
    actual,
    ...(cause !== undefined && { cause }),
  });
}
