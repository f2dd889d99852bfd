import {
  ArgumentError,
  checkGiven,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  closest,
  eager,
  Key,
  type CheckpointStore,
  type Engine,
} from '@dgm/core';
import {
  checkTextTable,
  inferSchema,
  readCells,
  type TableSchema,
  type TextTable,
  type TypedTable,
} from '@dgm/data';
import { baselinesOf } from '../baselines/baselines';
import { ChainOfTrees } from '../baselines/chain-of-trees';
import type { ColumnSplit } from '../baselines/independent';
import { TableCodec } from '../codec/table-codec';
import { MODEL_KINDS, scoreRows, type ModelKind, type RowModel } from '../table/row-model';
import { Rows } from '../table/rows';
import { splitRows } from '../table/split';
import { TableModel } from '../table/table-model';
import { PLANS, type TrainingRows } from './plans';
import {
  partOfStore,
  recipeFor,
  trainNetwork,
  type NetworkPlan,
  type Recipe,
  type TrainingProgress,
} from './train-network';
import type { Candidate, TrainingFacts } from './training-facts';

export interface TrainTableOptions {
  /**
   * What kind of model is trained. `auto` trains one of each kind, the networks in equal shares of the time, and keeps the one with
   * the least nats of validation rows: half of these rows choose the weights of the models, the other half the model. An upper bound
   * on nats counts as it is.
   * @defaultValue 'any-order'
   */
  readonly model?: ModelKind | 'auto';
  /** Decides the initial weights, the order of the rows and what is hidden of them. @defaultValue 0 */
  readonly seed?: number;
  /** How many training steps there are, rounded up to whole passes over the rows. The same steps and seed give the same model, and its file the same bytes. @defaultValue as many as fit into `minutes` */
  readonly steps?: number;
  /** How long training may take, about. @defaultValue 5 */
  readonly minutes?: number;
  /** What the columns hold. @defaultValue what {@link inferSchema} says */
  readonly schema?: TableSchema;
  /** The names of the columns to describe. @defaultValue all of numbers, dates and categories */
  readonly columns?: readonly string[];
  /** Levels of fewer training rows than this are not named in the model. @defaultValue 1 */
  readonly protect?: number;
  /** What trains and runs networks; `compiled()` of `@dgm/compile` is many times as fast. @defaultValue `eager()` */
  readonly engine?: Engine;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** When it is aborted, training ends with the best weights so far. */
  readonly signal?: { readonly aborted: boolean };
  /**
   * Where the state of training is written, at about every twentieth of it and when it is aborted. Training that was
   * interrupted goes on when it is called again with the same table, options and store.
   */
  readonly checkpoint?: { readonly store: CheckpointStore };
}

const OPTIONS: readonly (keyof TrainTableOptions)[] = [
  'model',
  'seed',
  'steps',
  'minutes',
  'schema',
  'columns',
  'protect',
  'engine',
  'onProgress',
  'signal',
  'checkpoint',
];

/**
 * Trains a model on the rows of a table. A tenth of the rows decides which weights are kept, another tenth says how good they are
 * ({@link splitRows}); neither is trained on.
 *
 * @throws ArgumentError for options that are not possible, and for tables of too few rows or too many columns
 * @throws SerializationError at a cell that is not of its column's kind
 * @example
 * ```ts
 * const model = await trainTable(await readTextTable('cars.csv'), { minutes: 2, engine: compiled() });
 * console.log(model.training?.nats, model.training?.baselines.independent.nats);
 * const { table } = await model.sample(100, { key: Key.of(0), given: { fuel: 'diesel' } });
 * ```
 */
export async function trainTable(table: TextTable, options: TrainTableOptions = {}): Promise<TableModel> {
  checkTextTable('trainTable', 'table', table);
  checkTrainOptions(options);
  const { model: kind = 'any-order', seed = 0, protect = 1, engine = eager() } = options;
  const schema = selectColumns(options.schema ?? inferSchema(table), options.columns);
  const split = splitRows(table.count);
  if (split.train.length < 16 || split.validation.length === 0 || split.test.length === 0) {
    throw new ArgumentError({
      where: 'trainTable',
      argument: 'table',
      expected: 'to have at least 20 rows',
      actual: String(table.count),
    });
  }
  const cells = readCells(table, schema);
  const recipe = recipeFor(split.train.length);
  const codec = TableCodec.of(schema, partOf(cells, split.train), {
    maxBins: recipe.maxBins,
    minCount: recipe.minCount,
    maxLevels: 512,
    protect,
  });
  checkSize(codec, recipe);
  const values = codec.values(cells);
  const columns = values.map((column) => ({
    train: pick(column, split.train),
    validation: pick(column, split.validation),
    test: pick(column, split.test),
  }));
  const job = { codec, columns, recipe, options };
  const { model, steps, candidates } =
    kind === 'auto' ? await trainBest(job) : { ...(await trainKind(kind, job)), candidates: undefined };
  try {
    const test = columns.map((column) => column.test);
    const scored = await scoreOn(model, test, engine);
    const nats = scored.rows.map((logProb) => -logProb);
    const training: TrainingFacts = {
      rows: split.train.length,
      heldOutRows: split.test.length,
      steps,
      seed,
      nats: average(nats),
      standardError: standardError(nats),
      columns: Object.fromEntries(scored.cells.map((column, at) => [codec.names[at]!, -average(column)])),
      baselines: baselinesOf(codec, columns),
      ...(candidates && { candidates }),
    };
    return new TableModel(model, { engine, training });
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** What models are trained on, and how. */
interface Job {
  readonly codec: TableCodec;
  readonly columns: readonly ColumnSplit[];
  readonly recipe: Recipe;
  readonly options: TrainTableOptions;
}

interface Trained {
  readonly model: RowModel;
  readonly steps: number;
}

/** Trains models of all kinds, and keeps the best. */
async function trainBest(job: Job): Promise<Trained & { readonly candidates: readonly Candidate[] }> {
  const { columns, options } = job;
  const { minutes = 5, engine = eager() } = options;
  const half = (wanted: number) => (column: Float64Array) => column.filter((_, row) => row % 2 === wanted);
  const [tuning, choosing] = [half(0), half(1)];
  const share: Job = {
    ...job,
    columns: columns.map((column) => ({ ...column, validation: tuning(column.validation) })),
    options: { ...options, minutes: minutes / NETWORKS.length },
  };
  // One validation row chooses nothing.
  const rows = columns.map(({ validation }) => (validation.length > 1 ? choosing(validation) : validation));
  let best: (Trained & { readonly nats: number }) | undefined;
  const candidates: Candidate[] = [];
  try {
    for (const kind of MODEL_KINDS) {
      if (best && options.signal?.aborted) break;
      const trained = await trainKind(kind, share);
      const { model } = trained;
      const nats = (await scoreOn(model, rows.map(firstValues), engine)).rows.map((logProb) => -logProb);
      const mean = average(nats);
      candidates.push({
        model: kind,
        kind: model.likelihoodKind === 'exact' ? 'exact' : 'bound',
        nats: mean,
        standardError: standardError(nats),
      });
      if (best && best.nats <= mean) model.dispose();
      else {
        best?.model.dispose();
        best = { ...trained, nats: mean };
      }
    }
  } catch (error) {
    best?.model.dispose();
    throw error;
  }
  return { ...best!, candidates: candidates.sort((a, b) => a.nats - b.nats) };
}

/** The kinds that training takes time for. */
const NETWORKS = MODEL_KINDS.filter((kind) => kind !== 'trees');

async function trainKind(kind: ModelKind, { codec, columns, recipe, options }: Job): Promise<Trained> {
  if (kind === 'trees') return { model: ChainOfTrees.of(codec, columns), steps: 0 };
  const { seed = 0, steps, minutes = 5, engine = eager(), onProgress, signal, checkpoint } = options;
  const key = Key.of(seed);
  const training = {
    ...{ key: key.fold('fit'), engine, steps, minutes, onProgress, signal },
    store: checkpoint && partOfStore(checkpoint.store, kind),
  };
  const rows: TrainingRows = {
    codec,
    train: columns.map(({ train }) => train),
    validation: columns.map(({ validation }) => firstValues(validation)),
  };
  const size = { ...recipe, key: key.fold('network') };
  return trainNetwork<never>({ ...(await PLANS[kind](rows, size)), recipe } as NetworkPlan<never>, training);
}

/** Enough validation rows to tell two epochs, or two models, apart. */
const firstValues = (values: Float64Array) => values.subarray(0, 1536);

async function scoreOn(model: RowModel, columns: readonly Float64Array[], engine: Engine) {
  const queries = model.queries(engine);
  try {
    return await scoreRows(queries, Rows.complete(model.codec, columns));
  } finally {
    queries.dispose();
  }
}

function checkTrainOptions(options: TrainTableOptions): void {
  checkOptions('trainTable', options, OPTIONS);
  const { model, seed, steps, minutes, protect, checkpoint } = options;
  if (model !== undefined) checkOneOf('trainTable', 'model', model, [...MODEL_KINDS, 'auto']);
  if (seed !== undefined) checkInteger('trainTable', 'seed', seed, {});
  if (steps !== undefined) checkInteger('trainTable', 'steps', steps);
  if (minutes !== undefined) checkNumber('trainTable', 'minutes', minutes, { above: 0 });
  if (protect !== undefined) checkInteger('trainTable', 'protect', protect);
  if (checkpoint !== undefined) {
    checkOptions('trainTable', checkpoint, ['store']);
    checkGiven('trainTable', 'checkpoint.store', checkpoint.store, 'to be a store such as memoryStore()');
  }
}

function selectColumns(schema: TableSchema, names: readonly string[] | undefined): TableSchema {
  if (!names) return schema;
  const known = schema.columns.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const close = closest(unknown, known);
    throw new ArgumentError({
      where: 'trainTable',
      argument: 'columns',
      expected: `to be among ${known.join(', ')}`,
      actual: `"${unknown}"`,
      ...(close !== undefined && { remedy: `did you mean "${close}"` }),
    });
  }
  return { ...schema, columns: schema.columns.filter(({ name }) => names.includes(name)) };
}

/** Refuses tables whose training would not fit into a gigabyte. */
function checkSize(codec: TableCodec, { hidden }: Recipe): void {
  const indices = Math.max(...codec.columns.map((column) => column.indices));
  const weights = codec.width * hidden * indices;
  if (codec.width <= MOST_COLUMNS && weights <= MOST_WEIGHTS) return;
  throw new ArgumentError({
    where: 'trainTable',
    argument: 'columns',
    expected: `to be at most ${MOST_COLUMNS}, and to need at most ${MOST_WEIGHTS} weights in the heads`,
    actual: `${codec.width} columns of up to ${indices} values or bins`,
    remedy: 'name the columns to describe with the option columns',
  });
}

const MOST_COLUMNS = 300;
const MOST_WEIGHTS = 2e7;

function partOf(table: TypedTable, rows: Int32Array): TypedTable {
  const columns = table.columns.map(({ schema, values }) => ({ schema, values: pick(values, rows) }));
  return { count: rows.length, columns };
}

const pick = (values: Float64Array, rows: Int32Array) => Float64Array.from(rows, (row) => values[row]!);

const average = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

function standardError(values: Float64Array): number {
  const mean = average(values);
  return Math.sqrt(average(values.map((value) => (value - mean) ** 2)) / values.length);
}
