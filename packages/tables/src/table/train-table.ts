import {
  adamW,
  ArgumentError,
  checkGiven,
  checkInteger,
  checkNumber,
  checkOptions,
  closest,
  cosineSchedule,
  eager,
  fit,
  Key,
  warmUpSchedule,
  SerializationError,
  type CheckpointStore,
  type Engine,
  type Examples,
} from '@dgm/core';
import {
  checkTextTable,
  inferSchema,
  readCells,
  type TableSchema,
  type TextTable,
  type TypedTable,
} from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { baselinesOf } from '../baselines/baselines';
import { TableCodec } from '../codec/table-codec';
import { AnyOrderNetwork } from '../model/any-order-network';
import { maskRows } from '../model/masks';
import { splitRows } from './split';
import { TableModel, type TrainingFacts } from './table-model';

/** How far training is. */
export interface TrainingProgress {
  readonly step: number;
  readonly steps: number;
  readonly secondsLeft: number;
  /** Mean nats of a validation row over random orders, after each epoch. */
  readonly validation?: number;
}

export interface TrainTableOptions {
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
  /** What trains and runs the network; `compiled()` of `@dgm/compile` is many times as fast. @defaultValue `eager()` */
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
  const { seed = 0, minutes = 5, protect = 1, engine = eager(), onProgress, signal, checkpoint } = options;
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
  const partValues = (rows: Int32Array) => values.map((column) => pick(column, rows));
  const data: Data = {
    train: codec.examples(partValues(split.train)),
    // Enough rows to tell two epochs apart.
    validation: codec.examples(partValues(split.validation.slice(0, 1536))),
  };
  const key = Key.of(seed);
  const networkOptions = {
    hidden: recipe.hidden,
    blocks: recipe.blocks,
    dropout: recipe.dropout,
    key: key.fold('network'),
  };
  const build = () => new AnyOrderNetwork(codec, networkOptions);
  const epochs = await plannedEpochs(checkpoint?.store, () =>
    epochsFor(options, { build, data, recipe, engine }),
  );

  const network = build();
  try {
    const steps = epochs * stepsPerEpoch(data, recipe);
    const trainedAt = tf.util.now();
    let start: { readonly epoch: number; readonly at: number } | undefined;
    const result = await fit(network, data, {
      ...fitOptions(network, recipe, steps),
      key: key.fold('fit'),
      engine,
      epochs,
      ...(options.steps === undefined && { maxSeconds: 90 * minutes }),
      ...(signal && { signal }),
      ...(checkpoint && { checkpoint: { store: checkpoint.store, everyEpochs: Math.ceil(epochs / 20) } }),
      callbacks: [
        {
          onEpoch: ({ epoch, validation }) => {
            // A resumed run starts at a later epoch, and the first one of a run compiles its step.
            const now = tf.util.now();
            const { epoch: from, at } = start ?? { epoch: epoch - 1, at: trainedAt };
            start ??= { epoch, at: now };
            const perEpoch = (now - at) / (epoch - from) / 1000;
            onProgress?.({
              step: (epoch * steps) / epochs,
              steps,
              secondsLeft: perEpoch * (epochs - epoch),
              ...(validation !== undefined && { validation }),
            });
          },
        },
      ],
    });
    const scored = await new TableModel(network, { engine }).score(table.subset(split.test));
    const nats = scored.rows.map((logProb) => -logProb);
    const parts = values.map((column) => ({
      train: pick(column, split.train),
      validation: pick(column, split.validation),
      test: pick(column, split.test),
    }));
    const training: TrainingFacts = {
      rows: split.train.length,
      heldOutRows: split.test.length,
      steps: result.steps,
      seed,
      nats: average(nats),
      standardError: standardError(nats),
      columns: Object.fromEntries(
        Object.entries(scored.cells).map(([name, column]) => [name, -average(column)]),
      ),
      baselines: baselinesOf(codec.columns, parts),
    };
    return new TableModel(network, { engine, training });
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** How a network is built and trained, by the number of rows: fewer rows carry fewer weights. */
interface Recipe {
  readonly hidden: number;
  readonly blocks: number;
  readonly dropout: number;
  readonly maxBins: number;
  readonly minCount: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly maxEpochs: number;
}

function recipeFor(rows: number): Recipe {
  if (rows < 1000) {
    const batchSize = rows < 128 ? 16 : 64;
    const shared = { hidden: 96, blocks: 2, dropout: 0.2, maxBins: 12, minCount: 8, weightDecay: 0.1 };
    return { ...shared, batchSize, maxEpochs: 300 };
  }
  if (rows < 10_000) {
    const shared = { hidden: 128, blocks: 2, dropout: 0.1, maxBins: 60, minCount: 8, weightDecay: 0.05 };
    return { ...shared, batchSize: 256, maxEpochs: 300 };
  }
  const shared = { hidden: 256, blocks: 3, dropout: 0, maxBins: 200, minCount: 8, weightDecay: 0.01 };
  return { ...shared, batchSize: 256, maxEpochs: 1000 };
}

interface Data {
  readonly train: Examples;
  readonly validation: Examples;
}

const stepsPerEpoch = ({ train }: Data, { batchSize }: Recipe) => Math.floor(train.count / batchSize);

/** AdamW, a short warm-up and half a cosine, and a moving average of the weights. */
function fitOptions(network: AnyOrderNetwork, { batchSize, weightDecay }: Recipe, steps: number) {
  const warmUp = Math.min(100, Math.floor(steps / 10));
  const cosine = cosineSchedule(2e-3, { steps: Math.max(steps - warmUp, 1), final: 1e-6 });
  return {
    optimizer: adamW({ learningRate: warmUpSchedule(cosine, { steps: warmUp }), beta2: 0.99, weightDecay }),
    batch: maskRows(network.layout),
    batchSize,
    dropLast: true,
    clipNorm: 2,
    // A run of few steps must forget its initial weights.
    ema: { decay: Math.min(0.998, Math.max(0.9, 1 - 20 / steps)) },
  };
}

interface Attempt {
  readonly build: () => AnyOrderNetwork;
  readonly data: Data;
  readonly recipe: Recipe;
  readonly engine: Engine;
}

/** How often the rows are gone through: for the wanted steps, or as often as fits into the minutes by some trial steps. */
async function epochsFor(
  { steps, minutes = 5 }: TrainTableOptions,
  { build, data, recipe, engine }: Attempt,
): Promise<number> {
  const each = stepsPerEpoch(data, recipe);
  if (steps !== undefined) return Math.ceil(steps / each);
  const network = build();
  try {
    const trial = 8 * recipe.batchSize;
    const train = firstRows(data.train, Math.min(trial, data.train.count));
    const ends: number[] = [];
    await fit(
      network,
      { train, validation: firstRows(data.validation, Math.min(recipe.batchSize, data.validation.count)) },
      {
        ...fitOptions(network, recipe, 100),
        key: Key.of(0),
        engine,
        epochs: 3,
        callbacks: [{ onEpoch: () => void ends.push(tf.util.now()) }],
      },
    );
    const perStep = (ends[2]! - ends[1]!) / stepsPerEpoch({ ...data, train }, recipe);
    const epochs = Math.floor((minutes * 60_000) / (perStep * each));
    return Math.min(Math.max(epochs, 1), recipe.maxEpochs);
  } finally {
    network.dispose();
  }
}

const PLAN = 'plan.json';

/** The number of epochs of a run that goes on; a run that starts measures it, and notes it for later. */
async function plannedEpochs(
  store: CheckpointStore | undefined,
  measure: () => Promise<number>,
): Promise<number> {
  if (!store) return measure();
  if ((await store.list()).includes(PLAN)) return readPlan(await store.read(PLAN));
  const epochs = await measure();
  await store.write(PLAN, new TextEncoder().encode(JSON.stringify({ epochs })));
  return epochs;
}

function readPlan(bytes: Uint8Array): number {
  const text = new TextDecoder().decode(bytes);
  const found = /^\{"epochs":([1-9]\d{0,8})\}$/.exec(text);
  if (found) return Number(found[1]);
  throw new SerializationError({
    where: 'trainTable',
    argument: `${PLAN} of checkpoint.store`,
    expected: 'to hold a number of epochs',
    actual: JSON.stringify(text.slice(0, 40)),
    remedy: 'train anew with an empty store',
  });
}

function checkTrainOptions(options: TrainTableOptions): void {
  checkOptions('trainTable', options, OPTIONS);
  const { seed, steps, minutes, protect, checkpoint } = options;
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

function firstRows(examples: Examples, count: number): Examples {
  const size = examples.values.length / Math.max(examples.count, 1);
  return { ...examples, count, values: examples.values.subarray(0, count * size) };
}

const average = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

function standardError(values: Float64Array): number {
  const mean = average(values);
  return Math.sqrt(average(values.map((value) => (value - mean) ** 2)) / values.length);
}
