import {
  ArgumentError,
  BaseModule,
  checkInteger,
  checkKey,
  checkOneOf,
  checkOptions,
  eager,
  type Engine,
  type Key,
  type ModelCard,
} from '@dgm/core';
import { checkTextTable, formatCell, readCells, TextTable, type TableSchema } from '@dgm/data';
import type { TableCodec } from '../codec/table-codec';
import { AnyOrderNetwork } from '../model/any-order-network';
import { record } from '../record';
import { isTrainingFacts, type TrainingFacts } from '../train/training-facts';
import type { Allowed, CellDistribution } from './column-distribution';
import { allowedOf, type Given } from './given';
import {
  scoreRows,
  unsupported,
  type AnyOrderQueries,
  type ChainQueries,
  type ConditionedQueries,
  type ModelKind,
  type RowModel,
  type RowQueries,
} from './row-model';
import { cellNoise, Rows } from './rows';

export interface TableModelOptions {
  /** What runs the model. @defaultValue `eager()` */
  readonly engine?: Engine;
  readonly training?: TrainingFacts;
}

export interface ScoreOptions {
  /**
   * What a cell is conditioned on: the cells `before` it in its row, whose log-probabilities sum to that of the row, or all
   * `others`, which shows the odd cell of a row and takes a model of the kind `any-order`.
   * @defaultValue 'before'
   */
  readonly given?: 'before' | 'others';
}

/** Log-probabilities of the rows and cells of a table. */
export interface Scores {
  /** `[count]`: the log-probability of each row in nats, the sum of those of its cells. */
  readonly rows: Float64Array;
  /** By the column's name, `[count]`: log-probabilities in nats. */
  readonly cells: Readonly<Record<string, Float64Array>>;
}

export interface SampleTableOptions {
  /** Decides the draws: a row depends on the key and its number, not on how many rows are drawn. */
  readonly key: Key;
  /** What cells may be, in all rows. */
  readonly given?: Given;
  /**
   * Rows with gaps, to be completed: its cells are kept, and its missing ones drawn. Columns may be left out. It takes a model of
   * the kind `any-order`.
   */
  readonly like?: TextTable;
}

/** Rows that were drawn, with weights where the conditions need them. */
export interface Sample {
  readonly table: TextTable;
  /**
   * `[n]`, importance weights with mean 1, with which the rows have the distribution under the conditions. A model of the kind
   * `any-order` needs them where two or more columns have a set or a range of values; `trees` where a column with a condition
   * comes after one without; a `vae` for any condition. Else they are all 1.
   */
  readonly weights: Float64Array;
  /** $(\sum w)^2 / \sum w^2$ */
  readonly effectiveSampleSize: number;
}

export interface ImputeOptions {
  /**
   * How a gap is filled: by the mean of a number and the most probable level (`center`), or by a `draw`, in which the gaps of
   * a row fit each other.
   * @defaultValue 'center'
   */
  readonly by?: 'center' | 'draw';
  /** Decides the draws. */
  readonly key?: Key;
  /** The number of the first row, in a table that is filled in pieces: a draw depends on the key and the row's number. @defaultValue 0 */
  readonly firstRow?: number;
}

/** The cell of one row and column, and what was expected there. */
export interface CellExplanation {
  readonly column: string;
  readonly text: string;
  /** Log-probability given all other cells of the row, in nats. */
  readonly logProb: number;
  /** How much more surprising it is than the cells of this column are on average, in nats. */
  readonly surprise: number;
  /** The most probable level, or the range that holds 90 % of the numbers. */
  readonly expected: string;
}

/** Rows whose latents are held at a time. */
const PIECE = 4096;

interface Completing {
  readonly key: Key;
  /** Of each column. */
  readonly allowed: readonly (Allowed | undefined)[];
  readonly firstRow?: number;
}

/**
 * A generative model of the rows of a table: scores rows and cells, draws rows under conditions, and fills gaps.
 * {@link trainTable} makes one; `saveModel` and `loadModel` of `@dgm/core` write and read it.
 *
 * What it is asked for and cannot do is refused: some questions take a model of the kind `any-order`.
 *
 * It owns its model of rows.
 */
export class TableModel extends BaseModule {
  readonly training: TrainingFacts | undefined;
  #queries: RowQueries;

  constructor(
    readonly rowModel: RowModel,
    { engine = eager(), training, ...unknown }: TableModelOptions = {},
  ) {
    super();
    checkOptions('TableModel', unknown, ['engine', 'training']);
    this.child('network', rowModel);
    this.training = training;
    this.#queries = rowModel.queries(engine);
    record(this, 'tableModel', [rowModel, ...(training ? [JSON.stringify(training)] : [])]);
  }

  /** What kind of model describes the rows. */
  get kind(): ModelKind {
    return this.rowModel.kind;
  }

  /** Whether the log-probability of a row is its own, or a lower bound on it. */
  get likelihoodKind(): 'exact' | 'lower-bound' {
    return this.rowModel.likelihoodKind;
  }

  /**
   * The network of a model of any order.
   * @throws UnsupportedError if the model is of another kind
   */
  get network(): AnyOrderNetwork {
    if (this.rowModel instanceof AnyOrderNetwork) return this.rowModel;
    throw unsupported('TableModel.network', this.kind, 'its network');
  }

  get codec(): TableCodec {
    return this.rowModel.codec;
  }

  get schema(): TableSchema {
    return this.codec.schema;
  }

  /** The names of the columns that the model describes. */
  get columns(): readonly string[] {
    return this.codec.names;
  }

  /** What a model file says of how the model was trained. */
  get card(): ModelCard {
    if (!this.training) return {};
    const { rows, seed, heldOutRows, nats, standardError } = this.training;
    const kind = this.likelihoodKind === 'exact' ? 'exact' : 'bound';
    return { training: { rows, seed, heldOut: { nats, standardError, rows: heldOutRows, kind } } };
  }

  /** Runs the model on another engine from now on: a model from a file starts on `eager()`. */
  useEngine(engine: Engine): void {
    this.#queries.dispose();
    this.#queries = this.rowModel.queries(engine);
  }

  override dispose(): void {
    this.#queries.dispose();
    super.dispose();
  }

  /**
   * The log-probabilities of rows, and of their cells. A level that was not seen in training counts as one that is not named.
   * @param table - has the columns of the model
   * @throws ArgumentError if a column is missing
   * @throws SerializationError at a cell that is not of its column's kind
   * @throws UnsupportedError for cells given all others, from a model that is not of the kind `any-order`
   */
  async score(table: TextTable, options: ScoreOptions = {}): Promise<Scores> {
    checkTextTable('TableModel.score', 'table', table);
    checkOptions('TableModel.score', options, ['given']);
    const { given = 'before' } = options;
    checkOneOf('TableModel.score', 'given', given, ['before', 'others']);
    if (given === 'others') this.#anyOrder('TableModel.score', 'cells given all others');
    const { rows, cells } = await scoreRows(
      this.#queries,
      Rows.complete(this.codec, this.#read(table)),
      given,
    );
    return {
      rows,
      cells: Object.fromEntries(cells.map((scores, column) => [this.columns[column]!, scores])),
    };
  }

  /**
   * Draws rows.
   * @throws UnsupportedError for `like`, from a model that is not of the kind `any-order`
   * @throws ArgumentError for a condition on a column or level that there is not, with the closest name, and for a cell of
   * `like` that its column's condition does not allow
   */
  async sample(n: number, options: SampleTableOptions): Promise<Sample> {
    checkInteger('TableModel.sample', 'n', n, { min: 0 });
    checkOptions('TableModel.sample', options, ['key', 'given', 'like']);
    checkKey('TableModel.sample', options.key);
    const { key, given = {}, like } = options;
    const allowed = allowedOf(this.codec, given);
    const rows = Rows.unknown(this.codec, n);
    if (like) {
      this.#anyOrder('TableModel.sample', 'completing rows');
      this.#keep(rows, like, allowed);
    }
    const kept = rows.known.map((column) => column.slice());
    const logWeights = await this.#draw(rows, { key, allowed });
    const top = logWeights.reduce((most, weight) => Math.max(most, weight), -Infinity);
    const weights = logWeights.map((weight) => Math.exp(weight - top));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const squares = weights.reduce((total, weight) => total + weight ** 2, 0);
    return {
      table: this.#write(rows.values, n, like && { like, kept }),
      weights: weights.map((weight) => (weight * n) / sum),
      effectiveSampleSize: n === 0 ? 0 : sum ** 2 / squares,
    };
  }

  /**
   * Fills the missing cells of a table. Cells that are there stay as they are, to the byte, also those of columns that the
   * model does not describe.
   * @throws as {@link TableModel.score}
   */
  async impute(table: TextTable, options: ImputeOptions = {}): Promise<TextTable> {
    checkTextTable('TableModel.impute', 'table', table);
    checkOptions('TableModel.impute', options, ['by', 'key', 'firstRow']);
    const { by = 'center', key, firstRow = 0 } = options;
    checkOneOf('TableModel.impute', 'by', by, ['center', 'draw']);
    checkInteger('TableModel.impute', 'firstRow', firstRow, { min: 0 });
    const queries = this.#anyOrder('TableModel.impute', 'filling gaps');
    const values = this.#read(table);
    const known = values.map((column) => Uint8Array.from(column, (value) => (Number.isNaN(value) ? 0 : 1)));
    const rows = new Rows(
      this.codec,
      values.map((column) => column.slice()),
      known.map((column) => column.slice()),
    );
    if (by === 'draw') {
      checkKey('TableModel.impute', key);
      const present = this.codec.columns.map((codec): Allowed => {
        if (codec.kind === 'number') return { min: codec.starts[0]!, max: codec.ends.at(-1)! };
        return { values: codec.state.kept };
      });
      await this.#complete(queries, rows, { key, allowed: present, firstRow });
    } else {
      for (const column of this.codec.columns.keys()) {
        const gaps = indicesWhere(known[column]!, (is) => is === 0);
        await queries.column(column, { rows, chosen: gaps }, (row, distribution, at) => {
          rows.values[column]![row] = this.#onGrid(column, distribution.center(at));
        });
      }
    }
    return this.#fill(table, rows, known);
  }

  /**
   * What is odd about rows: their cells given all other cells, the most surprising first.
   * @param numbers - the rows to explain
   * @param limit - how many cells of each row
   * @throws ArgumentError for the number of a row that there is not
   */
  async explain(
    table: TextTable,
    numbers: readonly number[],
    limit = 3,
  ): Promise<readonly (readonly CellExplanation[])[]> {
    checkTextTable('TableModel.explain', 'table', table);
    checkInteger('TableModel.explain', 'limit', limit, { min: 0 });
    const queries = this.#anyOrder('TableModel.explain', 'cells given all others');
    const values = this.#read(table.subset(numbers));
    const rows = Rows.complete(this.codec, values);
    const explained = numbers.map((): CellExplanation[] => []);
    const all = indicesWhere(values[0]!, () => true);
    for (const [column, codec] of this.codec.columns.entries()) {
      const { schema } = codec;
      const usual = this.training?.columns[schema.name] ?? 0;
      const text = (value: number) => formatCell(schema, value, 'missing');
      await queries.column(column, { rows, chosen: all }, (row, distribution, at) => {
        const value = values[column]![row]!;
        const logProb = distribution.logProb(at, value);
        const expected =
          codec.kind === 'category'
            ? text(distribution.center(at))
            : `${text(distribution.quantile(at, 0.05))} to ${text(distribution.quantile(at, 0.95))}`;
        explained[row]!.push({
          column: schema.name,
          text: text(value),
          logProb,
          surprise: -logProb - usual,
          expected,
        });
      });
    }
    return explained.map((cells) => cells.sort((a, b) => b.surprise - a.surprise).slice(0, limit));
  }

  /** What only a model of any order can be asked. */
  #anyOrder(where: string, what: string): AnyOrderQueries {
    if (this.#queries.sees === 'any') return this.#queries;
    throw unsupported(where, this.kind, what);
  }

  /** Draws all cells that are not known; the log-weights of the rows. */
  async #draw(rows: Rows, { key, allowed }: Completing): Promise<Float64Array> {
    const queries = this.#queries;
    const { count } = rows;
    if (queries.sees === 'none') {
      if (allowed.some((condition) => condition !== undefined)) {
        throw unsupported('TableModel.sample', this.kind, 'conditions');
      }
      const drawn = await queries.sample(key, count);
      drawn.forEach((values, column) => rows.values[column]!.set(values));
      return new Float64Array(count);
    }
    if (queries.sees !== 'latents') return this.#complete(queries, rows, { key, allowed });
    const logWeights = new Float64Array(count);
    for (let firstRow = 0; firstRow < count; firstRow += PIECE) {
      const part = rows.part(firstRow, Math.min(firstRow + PIECE, count));
      const given = queries.given(key, firstRow);
      logWeights.set(await this.#complete(given, part, { key, allowed, firstRow }), firstRow);
    }
    return logWeights;
  }

  /**
   * Draws all cells that are not known. A model of any order draws what is allowed first, so that other cells follow from it; one
   * that sees the cells before, or latents, draws them in their order, and what is known weighs the row.
   * @returns the log-probability of what is allowed in each row, given what came before
   */
  async #complete(
    queries: AnyOrderQueries | ChainQueries | ConditionedQueries,
    rows: Rows,
    { key, allowed, firstRow = 0 }: Completing,
  ): Promise<Float64Array> {
    const logWeights = new Float64Array(rows.count);
    allowed.forEach((condition, column) => {
      if (!condition || !('values' in condition) || condition.values.length > 1) return;
      rows.values[column]!.fill(condition.values[0]!);
      rows.known[column]!.fill(1);
    });
    const columns = [...this.codec.columns.keys()];
    const isFree = (column: number) => allowed[column] === undefined;
    const order =
      queries.sees === 'any'
        ? [...columns.filter((column) => !isFree(column)), ...columns.filter(isFree)]
        : columns;
    for (const column of order) {
      const isKnown = rows.known[column]!.slice();
      const condition = allowed[column];
      const chosen = indicesWhere(isKnown, (is) => is === 0 || queries.sees !== 'any');
      await queries.column(column, { rows, chosen }, (row, distribution: CellDistribution, at) => {
        if (isKnown[row] === 1) {
          logWeights[row]! += distribution.logProb(at, rows.values[column]![row]!);
          return;
        }
        const [u, v] = cellNoise(key, firstRow + row, column);
        if (condition) logWeights[row]! += Math.log(Math.max(distribution.mass(at, condition), 1e-300));
        rows.values[column]![row] = distribution.draw(at, u, v, condition);
      });
      rows.known[column]!.fill(1);
    }
    return logWeights;
  }

  /** Takes over the cells of a table that are not missing; its columns may be some of the model's. */
  #keep(rows: Rows, like: TextTable, allowed: readonly (Allowed | undefined)[]): void {
    checkTextTable('TableModel.sample', 'like', like);
    checkInteger('TableModel.sample', 'rows of like', like.count, { min: rows.count, max: rows.count });
    const given = like.columns.map(({ name }) => name);
    const columns = this.schema.columns.filter(({ name }) => given.includes(name));
    const table = readCells(like, { ...this.schema, columns });
    for (const { schema, values } of table.columns) {
      const column = this.columns.indexOf(schema.name);
      if (column < 0) continue;
      values.forEach((value, row) => {
        if (Number.isNaN(value)) return;
        if (!isAllowed(value, allowed[column])) {
          throw new ArgumentError({
            where: 'TableModel.sample',
            argument: `row ${row + 1} of like`,
            expected: `to have a ${schema.name} that given allows`,
            actual: `"${like.column(schema.name).text(row)}"`,
            remedy: 'leave the cell or the condition out',
          });
        }
        rows.values[column]![row] = value;
        rows.known[column]![row] = 1;
      });
    }
  }

  #read(table: TextTable): readonly Float64Array[] {
    return this.codec.values(
      readCells(table, { ...this.schema, columns: this.codec.columns.map(({ schema }) => schema) }),
    );
  }

  /** The nearest value of a column. */
  #onGrid(column: number, value: number): number {
    return this.codec.columns[column]!.kind === 'number' ? Math.round(value) : value;
  }

  /** Writes values as in the table of training, and kept cells as they are. */
  #write(
    values: readonly Float64Array[],
    count: number,
    given?: { readonly like: TextTable; readonly kept: readonly Uint8Array[] },
  ): TextTable {
    const [missing = ''] = this.schema.missingValues;
    const columns = this.schema.columns.flatMap((schema) => {
      const column = this.columns.indexOf(schema.name);
      if (column >= 0) {
        return [
          {
            name: schema.name,
            cells: Array.from(values[column]!, (value, row) =>
              given?.kept[column]![row] === 1
                ? given.like.column(schema.name).text(row)
                : formatCell(schema, value, missing),
            ),
          },
        ];
      }
      if (schema.kind !== 'constant') return [];
      return [{ name: schema.name, cells: new Array<string>(count).fill(formatCell(schema, 0, missing)) }];
    });
    return TextTable.of(columns, this.schema.dialect);
  }

  #fill(table: TextTable, rows: Rows, known: readonly Uint8Array[]): TextTable {
    const columns = table.columns.map((cells) => {
      const column = this.columns.indexOf(cells.name);
      if (column < 0 || known[column]!.every((is) => is === 1)) return cells;
      const { schema } = this.codec.columns[column]!;
      const text = (row: number) =>
        known[column]![row] === 1 ? undefined : formatCell(schema, rows.values[column]![row]!);
      return cells.replace(text, table.dialect.separator);
    });
    return new TextTable(columns, table.dialect);
  }
}

/**
 * The model of a table of a model of its rows and the JSON of its training facts, which is how a model file keeps them.
 * @param rowModel - becomes the model's own
 * @param training - {@link TrainingFacts} as JSON
 * @throws SyntaxError if it is not JSON
 * @throws ArgumentError if it is not that of training facts
 * @see A Deep and Tractable Density Estimator (Uria, Murray and Larochelle, 2014), for networks of any order
 *
 * @example
 * ```ts
 * const table = parseTextTable('kind,size\nash,3\noak,5\nash,4\noak,6\n');
 * const options = { maxBins: 12, minCount: 1, maxLevels: 8, protect: 1 };
 * const schema = inferSchema(table);
 * const codec = TableCodec.of(schema, readCells(table, schema), options);
 * const model = tableModel(new AnyOrderNetwork(codec, { hidden: 64, blocks: 2, key }));
 * ```
 */
export function tableModel(rowModel: RowModel, training?: string): TableModel {
  if (training === undefined) return new TableModel(rowModel);
  const facts: unknown = JSON.parse(training);
  if (isTrainingFacts(facts)) return new TableModel(rowModel, { training: facts });
  throw new ArgumentError({
    where: 'tableModel',
    argument: 'training',
    expected: 'to be the JSON of training facts',
    actual: training.slice(0, 60),
  });
}

function isAllowed(value: number, allowed: Allowed | undefined): boolean {
  if (allowed === undefined) return true;
  return 'values' in allowed ? allowed.values.includes(value) : value >= allowed.min && value <= allowed.max;
}

function indicesWhere(values: ArrayLike<number>, holds: (value: number) => boolean): Int32Array {
  const found: number[] = [];
  for (let index = 0; index < values.length; index++) if (holds(values[index]!)) found.push(index);
  return Int32Array.from(found);
}
