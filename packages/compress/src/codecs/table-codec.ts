import { checkInteger, checkOptions, checkThat, sha256, UnsupportedError } from '@dgm/core';
import { checkTextTable, parseSchema, readColumn, TextTable } from '@dgm/data';
import type { CategorySchema, ColumnSchema, NumberSchema, TableSchema } from '@dgm/data';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { decodingFrom, encodingTo } from '../coders/coder';
import { RangeDecoder, RangeEncoder } from '../coders/range-coder';
import type { Program } from '../evaluator/program';
import { traceProgram } from '../evaluator/trace';
import { HASH_BYTES, writeContainer } from '../files/container';
import { readModelFile, writeModelFile } from '../files/model-file';
import { notModel, ownContainer, refused, unread } from './base-codec';
import { CellCoder, literalBytes, UNKNOWN } from './cell-coder';
import type { Cell, CodeValue } from './cell-coder';
import type { EncodeOptions, Progress } from './codec';
import { CategoryTableColumn, NumberTableColumn } from './table-column';
import type { CategoryState, NumberState, TableColumn } from './table-column';

/** A model of the rows of a table: `TableModel` of `@dgm/tables`, for example. */
export interface TabularModel {
  readonly codec: {
    readonly schema: TableSchema;
    /** The columns that the model describes. */
    readonly columns: readonly {
      readonly schema: ColumnSchema;
      readonly state: NumberState | CategoryState;
    }[];
  };
  readonly network: TabularNetwork;
}

/** A network that gives the distribution of a cell from those that it sees. */
export interface TabularNetwork {
  /** The number of logistic components inside the bins of a number. */
  readonly components: number;
  readonly layout: {
    /** Where the vectors of each described column begin: first that of a hidden cell, then those of its indices. */
    readonly offsets: readonly number[];
    readonly numbers: ColumnGroup;
    readonly categories: ColumnGroup;
  };
  /** `[n, indices + 3 components]`: log-probabilities of the bins and of missing; log-weights, means and scales. */
  numberColumn(seen: SeenCells, group: Tensor1D): Tensor;
  /** `[n, indices]`: log-probabilities. */
  categoryColumn(seen: SeenCells, group: Tensor1D): Tensor;
}

interface ColumnGroup {
  /** The columns' places among the described ones. */
  readonly columns: readonly number[];
  /** The number of indices of each column after padding. */
  readonly indices: number;
}

interface SeenCells {
  /** `[n, D]`, int32: the vector of each cell. */
  readonly codes: Tensor2D;
  /** `[n, 2 D]`: places on the axes, then 1 for each cell that is seen. */
  readonly features: Tensor2D;
}

export interface TableCodecOptions {
  /**
   * How many rows pass through the network at a time: more take more memory and less time for each.
   * @defaultValue 64
   */
  readonly rows?: number;
}

export interface DecodeTableOptions {
  /**
   * The most cells that the result may have; a file that states more is refused before memory is taken for them.
   * @defaultValue 2 ** 26
   */
  readonly maxCells?: number;
  /**
   * The most bytes of text outside of the model's values; a file that states more is refused.
   * @defaultValue 2 ** 28
   */
  readonly maxTextBytes?: number;
  readonly onProgress?: Progress;
}

/**
 * A lossless file format of tables: the decoded text is that which was encoded, byte by byte, wherever it runs.
 */
export interface TableFileCodec {
  readonly method: 'table';
  /** What the columns hold. */
  readonly schema: TableSchema;
  /** The SHA-256 of the model's file, 32 bytes: a file decodes with this model and no other. */
  readonly modelHash: Uint8Array;
  /**
   * @param table - has the columns of the schema, in their order. Any cell can be coded: those that the model does not describe
   * take more bits.
   * @returns a file
   * @throws ArgumentError if the columns are others
   */
  encode(table: TextTable, options?: EncodeOptions): Uint8Array;
  /** @throws SerializationError if the file is damaged, or was written with another model */
  decode(file: Uint8Array, options?: DecodeTableOptions): TextTable;
  /** The model's file, for {@link readTableCodec}: weights and instructions, without TensorFlow.js. */
  toBytes(): Uint8Array;
}

const METHOD = 'table';

/** A described column in the file of a model. */
type StoredColumn = (NumberState | CategoryState) & {
  /** Its place among the columns of the schema. */
  readonly at: number;
  /** Its place in its head. */
  readonly group: number;
  /** Where its vectors begin. */
  readonly offset: number;
};

interface Settings {
  readonly schema: TableSchema;
  readonly columns: readonly StoredColumn[];
  readonly rows: number;
  readonly components: number;
  /** The number of indices of each head. */
  readonly indices: Readonly<Record<StoredColumn['kind'], number>>;
}

/**
 * A codec of a model of tables: row by row and cell by cell, each coded with its distribution given the cells before it. A file
 * takes the bits of the model's likelihood of its rows. What the model does not describe is escaped: a level or a number that it does
 * not know, a cell that is spelt otherwise than its column (`+5`, `1e3`, a quote that need not be), a text, an id.
 *
 * @param model - its present weights are copied
 * @throws UnsupportedError if its columns do not belong to its schema
 * @throws EngineError if its network uses a kernel whose bits are not the same everywhere
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * const table = await readTextTable('cars.csv');
 * const codec = tableFileCodec(await trainTable(table, { minutes: 2 }));
 * const file = codec.encode(table);
 * await writeFile('again.csv', codec.decode(file).toBytes()); // the same bytes
 * ```
 */
export function tableFileCodec(model: TabularModel, options: TableCodecOptions = {}): TableFileCodec {
  const where = 'tableFileCodec';
  checkOptions(where, options, ['rows']);
  const { rows = 64 } = options;
  checkInteger(where, 'rows', rows, { max: MOST_ROWS });
  const { codec, network } = model;
  const { numbers, categories, offsets } = network.layout;
  const names = codec.schema.columns.map(({ name }) => name);
  const columns = codec.columns.map(({ schema, state }, place): StoredColumn => {
    const { columns: own } = state.kind === 'number' ? numbers : categories;
    return {
      ...storedState(state),
      at: names.indexOf(schema.name),
      group: own.indexOf(place),
      offset: offsets[place]!,
    };
  });
  const settings: Settings = {
    ...{ schema: codec.schema, columns, rows, components: network.components },
    indices: { number: numbers.indices, category: categories.indices },
  };
  const width = columns.length;
  const traced = (column: 'numberColumn' | 'categoryColumn'): Program =>
    traceProgram(
      ({ codes, features, group }) => ({
        outputs: network[column](
          { codes: codes as Tensor2D, features: features as Tensor2D },
          group as Tensor1D,
        ),
      }),
      {
        codes: { shape: [rows, width], dtype: 'int32' },
        features: { shape: [rows, 2 * width] },
        group: { shape: [1], dtype: 'int32' },
      },
    );
  const programs: Record<string, Program> = {
    ...(numbers.columns.length > 0 && { number: traced('numberColumn') }),
    ...(categories.columns.length > 0 && { category: traced('categoryColumn') }),
  };
  const fault = faultOf(settings, programs);
  if (fault !== undefined) {
    throw new UnsupportedError({
      ...{ where, argument: 'model', expected: 'to have columns that fit its schema' },
      actual: fault,
    });
  }
  return new TableCodec(writeModelFile({ method: METHOD, settings: { ...settings }, programs }), {
    settings,
    programs,
  });
}

/** What of a state says how values are laid out. */
function storedState(state: NumberState | CategoryState): NumberState | CategoryState {
  if (state.kind === 'category') return { kind: state.kind, kept: state.kept };
  const { kind, starts, end, isLog, low, shift, mean, deviation } = state;
  return { kind, starts, end, isLog, low, shift, mean, deviation };
}

/**
 * Reads the codec of tables from its model's file. It needs neither TensorFlow.js nor `@dgm/tables`.
 * @param bytes - what `TableFileCodec.toBytes` gave
 * @throws SerializationError if they are damaged, or of another kind
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * const codec = readTableCodec(await readFile('cars.model')); // what toBytes of the codec gave
 * const table = codec.decode(await readFile('cars.dgm'));
 * ```
 */
export function readTableCodec(bytes: Uint8Array): TableFileCodec {
  const { method, settings, programs } = readModelFile(bytes);
  if (method !== METHOD) throw notModel(METHOD, `one of method "${method}"`);
  const given = settings as unknown as Settings;
  const schema = parseSchema(JSON.stringify(given.schema ?? null));
  const checked = { ...given, schema };
  const fault = faultOf(checked, programs);
  if (fault !== undefined) throw notModel(METHOD, fault);
  return new TableCodec(bytes, { settings: checked, programs });
}

const MOST_ROWS = 2 ** 16;
const MOST_INDICES = 2 ** 19;

/** What of the settings does not fit the rest; undefined if all does. */
function faultOf(settings: Settings, programs: Readonly<Record<string, Program>>): string | undefined {
  const { schema, columns, rows, components, indices } = settings;
  if (!isCount(rows, MOST_ROWS) || !isCount(components, 2 ** 16)) return 'no numbers of rows and components';
  if (!isList(columns)) return 'no columns';
  if (!isIncreasing([-1, ...columns.map(({ at }) => at), schema.columns.length]))
    return 'columns out of order';
  const width = columns.length;
  for (const [at, column] of columns.entries()) {
    const { kind, group, offset } = column;
    const own = schema.columns[column.at]!;
    const isKnown = kind === 'number' ? isNumberState(column, own) : isCategoryState(column, own);
    const size = kind === 'number' ? column.starts?.length + 1 : column.kept?.length + 2;
    const isPlaced =
      isCount(indices?.[kind], MOST_INDICES) &&
      size <= indices[kind] &&
      isCount(group + 1) &&
      isCount(offset + 1);
    if (!isKnown || !isPlaced) return `another state of column ${at + 1}`;
    const program = programs[kind];
    const outputs = indices[kind] + (kind === 'number' ? 3 * components : 0);
    const isFit =
      program?.sizeOf('outputs') === rows * outputs &&
      sizeOfInput(program, 'codes') === rows * width &&
      sizeOfInput(program, 'features') === 2 * rows * width &&
      sizeOfInput(program, 'group') === 1 &&
      Object.keys(program.parts.inputs).length === 3;
    if (!isFit) return `no program of ${rows} rows of ${width} columns for column ${at + 1}`;
  }
  return undefined;
}

function isNumberState({ starts, end, isLog, ...axis }: NumberState, { kind }: ColumnSchema): boolean {
  const { low, mean, shift, deviation } = axis;
  return (
    ['integer', 'decimal', 'real', 'date'].includes(kind) &&
    isList(starts) &&
    isIncreasing([...starts, end + 1]) &&
    typeof isLog === 'boolean' &&
    [low, mean].every(Number.isFinite) &&
    [shift, deviation].every((value) => Number.isFinite(value) && value > 0)
  );
}

function isCategoryState({ kind, kept }: CategoryState, schema: ColumnSchema): boolean {
  return (
    kind === 'category' &&
    'levels' in schema &&
    schema.levels.length > 0 &&
    Array.isArray(kept) &&
    isIncreasing([-1, ...kept, schema.levels.length])
  );
}

function isCount(value: unknown, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= most;
}

/** Whether a value of a file is a list of something. */
function isList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function isIncreasing(values: readonly number[]): boolean {
  return values.every((value, at) => Number.isSafeInteger(value) && (at === 0 || value > values[at - 1]!));
}

function sizeOfInput({ parts: { inputs, values } }: Program, name: string): number | undefined {
  return inputs[name] === undefined
    ? undefined
    : values[inputs[name]]!.shape.reduce((product, size) => product * size, 1);
}

class TableCodec implements TableFileCodec {
  readonly method = METHOD;
  readonly modelHash: Uint8Array;
  readonly #model: Uint8Array;
  readonly #settings: Settings;
  readonly #programs: Readonly<Record<string, Program>>;
  /** The described columns. */
  readonly #columns: readonly TableColumn[];

  constructor(
    model: Uint8Array,
    parts: { readonly settings: Settings; readonly programs: Readonly<Record<string, Program>> },
  ) {
    this.#model = model;
    this.modelHash = sha256(model);
    this.#settings = parts.settings;
    this.#programs = parts.programs;
    const { schema, columns, components, indices } = parts.settings;
    this.#columns = columns.map((column) => {
      const own = schema.columns[column.at]!;
      return column.kind === 'number'
        ? new NumberTableColumn(own as NumberSchema, column, indices.number, components)
        : new CategoryTableColumn(own as CategorySchema, column);
    });
  }

  get schema(): TableSchema {
    return this.#settings.schema;
  }

  encode(table: TextTable, options: EncodeOptions = {}): Uint8Array {
    const where = 'TableFileCodec.encode';
    checkTextTable(where, 'table', table);
    checkOptions(where, options, ['includeModel', 'onProgress']);
    const { includeModel = false, onProgress } = options;
    const { columns, missingValues } = this.schema;
    const namesOf = (all: readonly { readonly name: string }[]) =>
      JSON.stringify(all.map(({ name }) => name));
    checkThat(where, 'table', namesOf(table.columns) === namesOf(columns), {
      expected: `to have the columns ${namesOf(columns)}`,
      actual: namesOf(table.columns),
      remedy: 'train a model of this table, or put its columns in this order',
    });
    const values = columns.map((schema, at) => readColumn(table.columns[at]!, schema, missingValues));
    const cell = (row: number, column: number): Cell => ({
      text: table.columns[column]!.text(row),
      isQuoted: table.columns[column]!.isQuoted(row),
      value: values[column]![row]!,
    });
    const encoder = new RangeEncoder();
    const coder = encodingTo(encoder);
    const cells = new CellCoder(coder, this.schema, table.dialect);
    cells.start(literalBytes(this.schema, table.count, cell));
    this.#walk(table.count, onProgress, (row, column, code) => cells.code(column, cell(row, column), code));
    return writeContainer({
      ...{ method: METHOD, count: table.count, rows: this.#settings.rows },
      model: this.modelHash.subarray(0, HASH_BYTES),
      ...(includeModel && { weights: this.#model }),
      message: encoder.finish(),
    });
  }

  decode(file: Uint8Array, options: DecodeTableOptions = {}): TextTable {
    const where = 'TableFileCodec.decode';
    checkOptions(where, options, ['maxCells', 'maxTextBytes', 'onProgress']);
    const { maxCells = 2 ** 26, maxTextBytes = 2 ** 28, onProgress } = options;
    checkInteger(where, 'maxCells', maxCells, { min: 0 });
    checkInteger(where, 'maxTextBytes', maxTextBytes, { min: 0 });
    const { count, message } = ownContainer(file, {
      ...{ method: METHOD, rows: this.#settings.rows, modelHash: this.modelHash },
    });
    const { columns } = this.schema;
    if (count * columns.length > maxCells) {
      throw refused(`to hold at most ${maxCells} cells`, `${count * columns.length}`, 'raise maxCells');
    }
    const decoder = new RangeDecoder(message);
    const cells = new CellCoder(decodingFrom(decoder), this.schema);
    const bytes = cells.start(0);
    if (bytes > maxTextBytes) {
      throw refused(`to hold at most ${maxTextBytes} bytes of text`, `${bytes}`, 'raise maxTextBytes');
    }
    const decoded = columns.map(({ name }) => ({ name, cells: [] as string[], quoted: [] as boolean[] }));
    this.#walk(count, onProgress, (_, column, code) => {
      const cell = cells.code(column, UNKNOWN, code);
      decoded[column]!.cells.push(cell.text);
      decoded[column]!.quoted.push(cell.isQuoted);
      return cell;
    });
    if (!decoder.isAtEnd) throw unread();
    const { dialect } = cells;
    return new TextTable(TextTable.of(decoded).columns, dialect);
  }

  toBytes(): Uint8Array {
    return this.#model.slice();
  }

  /**
   * Visits every cell in the order of the message: of some rows those of each described column, then the others.
   * @param visit - gets how a value of the cell is coded, which an undescribed column has not; returns the cell
   */
  #walk(
    count: number,
    onProgress: Progress | undefined,
    visit: (row: number, column: number, code?: CodeValue) => Cell,
  ): void {
    const { rows, columns, schema } = this.#settings;
    const width = columns.length;
    const described = new Set(columns.map(({ at }) => at));
    const others = [...schema.columns.keys()].filter((at) => !described.has(at));
    for (let first = 0; first < count; first += rows) {
      const present = Math.min(rows, count - first);
      const features = new Float64Array(2 * rows * width);
      const codes = new Float64Array(rows * width);
      for (let at = 0; at < codes.length; at++) codes[at] = columns[at % width]!.offset;
      columns.forEach(({ kind, at, group, offset }, place) => {
        const column = this.#columns[place]!;
        const outputs = this.#programs[kind]!.run({ codes, features, group: [group] })['outputs']!;
        const size = outputs.length / rows;
        for (let row = 0; row < present; row++) {
          const own = outputs.subarray(row * size, (row + 1) * size);
          const { value } = visit(first + row, at, (coder, known) => column.code(coder, known, own));
          const [index, axis] = column.see(value);
          codes[row * width + place] = offset + 1 + index;
          features[2 * row * width + place] = axis;
          features[(2 * row + 1) * width + place] = 1;
        }
      });
      for (const at of others) for (let row = 0; row < present; row++) visit(first + row, at);
      onProgress?.(first + present, count);
    }
  }
}
