import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tableFileCodec } from '@dgm/compress';
import { auroc, Key, modelBytes, NumericalError, type Engine } from '@dgm/core';
import { loadModel, saveModel } from '@dgm/core/node';
import { inferSchema, readCells, readTextTable, type TableSchema, type TextTable } from '@dgm/data';
import * as tables from '@dgm/tables';
import {
  AnyOrderNetwork,
  boostedRegressor,
  evaluateTable,
  nearerShare,
  splitRows,
  TableCodec,
  TableModel,
  trainTable,
  twoSampleTest,
  type TrainTableOptions,
} from '@dgm/tables';
import { findLibrary, findTorch } from '../../compare/programs/python';
import { median } from '../../statistics/statistics';
import type { Claim, ClaimContext } from '../claim';
import { overSeeds } from '../trained';

/** The order of the grades of diamonds, from the worst. */
const GRADES = {
  cut: ['Fair', 'Good', 'Very Good', 'Premium', 'Ideal'],
  color: ['J', 'I', 'H', 'G', 'F', 'E', 'D'],
  clarity: ['I1', 'SI2', 'SI1', 'VS2', 'VS1', 'VVS2', 'VVS1', 'IF'],
} as const;

/** Training steps of five minutes of one idle core; 201 seconds of processor time where it was measured. */
const DIAMOND_STEPS = 10_000;

interface Diamonds {
  readonly table: TextTable;
  readonly schema: TableSchema;
  readonly train: TextTable;
  readonly test: TextTable;
}

async function diamonds(context: ClaimContext): Promise<Diamonds> {
  const table = await context.table('diamonds');
  const columns = Object.fromEntries(Object.entries(GRADES).map(([name, levels]) => [name, { levels }]));
  const { train, test } = splitRows(table.count);
  const schema = inferSchema(table, { columns });
  return { table, schema, train: table.subset(train), test: table.subset(test) };
}

/** Models by table, seed and steps: several claims are about the same ones. */
const trained = new Map<string, Promise<TableModel>>();

function trainedModel(
  name: string,
  table: TextTable,
  options: TrainTableOptions & { readonly seed: number; readonly steps: number; readonly engine: Engine },
  { modelsFolder }: ClaimContext,
): Promise<TableModel> {
  const id = `${name}-${options.steps}-steps-seed-${options.seed}`;
  const file = modelsFolder === undefined ? undefined : path.join(modelsFolder, `${id}.dgm`);
  if (!trained.has(id)) trained.set(id, file ? keptModel(file, table, options) : trainTable(table, options));
  return trained.get(id)!;
}

/** The model of a file; where there is none yet, it is trained and written. */
async function keptModel(
  file: string,
  table: TextTable,
  options: TrainTableOptions & { readonly engine: Engine },
): Promise<TableModel> {
  if (existsSync(file)) {
    const { model } = await loadModel<TableModel>(file, { packages: [tables] });
    model.useEngine(options.engine);
    return model;
  }
  const model = await trainTable(table, options);
  await mkdir(path.dirname(file), { recursive: true });
  await saveModel(model, file, { card: model.card });
  return model;
}

const ofDiamonds = (
  name: string,
  what: string,
  rest: Pick<Claim, 'unit' | 'bound'> & {
    readonly measure: (
      model: TableModel,
      data: Diamonds,
      key: Key,
      engine: Engine,
    ) => number | Promise<number>;
  },
): Claim => ({
  name: `tables.diamonds.${name}`,
  what: `${what}, diamonds, ${DIAMOND_STEPS} steps`,
  unit: rest.unit,
  bound: rest.bound,
  seeds: [0, 1, 2],
  minutes: 18,
  requires: { table: 'diamonds' },
  measure: async (context) => {
    const data = await diamonds(context);
    const values: number[] = [];
    for (const seed of context.seeds) {
      const { engine } = context.engine;
      const options = { seed, steps: DIAMOND_STEPS, schema: data.schema, engine };
      const model = await trainedModel('diamonds', data.table, options, context);
      values.push(await rest.measure(model, data, Key.of(seed).fold(name), engine));
    }
    return overSeeds(values);
  },
});

/** Training steps of 40 seconds of one idle core. */
const CREDIT_STEPS = 3900;

const ofCredit = (
  name: string,
  what: string,
  rest: Pick<Claim, 'unit' | 'bound'> & {
    readonly measure: (model: TableModel, table: TextTable, key: Key) => number | Promise<number>;
  },
): Claim => ({
  name: `tables.credit.${name}`,
  what: `${what}, credit, ${CREDIT_STEPS} steps`,
  unit: rest.unit,
  bound: rest.bound,
  seeds: [0, 1, 2],
  minutes: 3,
  requires: { table: 'credit' },
  measure: async (context) => {
    const table = await context.table('credit');
    const values: number[] = [];
    for (const seed of context.seeds) {
      const { engine } = context.engine;
      const model = await trainedModel('credit', table, { seed, steps: CREDIT_STEPS, engine }, context);
      values.push(await rest.measure(model, table, Key.of(seed).fold(name)));
    }
    return overSeeds(values);
  },
});

const ofSpeed = (
  name: string,
  what: string,
  {
    measure,
    ...rest
  }: Pick<Claim, 'unit' | 'bound'> & {
    readonly measure: (context: ClaimContext) => Promise<number>;
  },
): Claim => ({
  name: `speed.tables.${name}`,
  what,
  ...rest,
  seeds: [0],
  minutes: 1,
  requires: { table: 'diamonds' },
  measure: async (context) => ({ value: await measure(context), standardError: null }),
});

export const claims: readonly Claim[] = [
  ofDiamonds('nats', 'nats of a test row, all ten cells', {
    unit: 'nats',
    bound: { atMost: 27.8 },
    measure: ({ training }) => training!.nats,
  }),
  ofDiamonds('c2st', 'AUROC of boosted trees that tell samples from test rows', {
    unit: 'of 1',
    bound: { atMost: 0.55 },
    measure: async (model, { test, schema }, key) => {
      const { table } = await model.sample(test.count, { key: key.fold('draws') });
      const columns = cellsOf(schema);
      return twoSampleTest(columns(test), columns(table), { key: key.fold('folds') });
    },
  }),
  ofDiamonds('c2st-derived', 'the same with five columns that follow from others', {
    unit: 'of 1',
    bound: { atMost: 0.92 },
    measure: async (model, { test, schema }, key) => {
      const { table } = await model.sample(test.count, { key: key.fold('draws') });
      const columns = (rows: TextTable) => [...cellsOf(schema)(rows), ...derived(rows)];
      return twoSampleTest(columns(test), columns(table), { key: key.fold('folds') });
    },
  }),
  ofDiamonds(
    'usefulness',
    'error of the logarithm of a test price by boosted trees that were trained on 10,000 drawn rows; .092 by real ones',
    {
      unit: 'nats',
      bound: { atMost: 0.109 },
      measure: async (model, { test, schema }, key) => {
        const { table } = await model.sample(10_000, { key });
        const at = schema.columns.findIndex(({ name }) => name === 'price');
        const features = (rows: TextTable) => cellsOf(schema)(rows).filter((_, column) => column !== at);
        const logPrice = (rows: TextTable) => numbersOf(rows, 'price').map(Math.log);
        const predicted = boostedRegressor(features(table), logPrice(table), { trees: 300 }).scores(
          features(test),
        );
        const squares = logPrice(test).map((value, row) => (value - predicted[row]!) ** 2);
        return Math.sqrt(average([...squares]));
      },
    },
  ),
  ofDiamonds('rule', 'share of 10,000 drawn rows whose depth follows from the sides within 0.3', {
    unit: 'of 1',
    bound: { atLeast: 0.8 },
    measure: async (model, _, key) => {
      const [misfit] = derived((await model.sample(10_000, { key })).table);
      return misfit!.filter((value) => Math.abs(value) < 0.3).length / misfit!.length;
    },
  }),
  ofDiamonds(
    'nearer',
    'share of 3000 drawn rows that are nearer to a training row than to as many test rows',
    {
      unit: 'of 1',
      bound: { atMost: 0.525 },
      measure: async (model, { train, test, schema }, key) => {
        const { table } = await model.sample(3000, { key: key.fold('draws') });
        const some = key.fold('train').permutation(train.count).slice(0, test.count);
        const columns = cellsOf(schema);
        const known = { train: columns(train.subset(some)), heldOut: columns(test) };
        return nearerShare(model.codec.columns, columns(table), known);
      },
    },
  ),
  ofDiamonds('copies', 'share of 10,000 drawn rows that are training rows; .0046 of the test rows are', {
    unit: 'of 1',
    bound: { atMost: 0.0056 },
    measure: async (model, { train }, key) => {
      const { table } = await model.sample(10_000, { key });
      const lines = (rows: TextTable) => rows.toString().trimEnd().split('\n').slice(1);
      const known = new Set(lines(train));
      const drawn = lines(table);
      return drawn.filter((line) => known.has(line)).length / drawn.length;
    },
  }),
  ofDiamonds('impute-rmse', 'error of a hidden number with two hidden cells in a row', {
    unit: 'standard deviations',
    bound: { atMost: 0.26 },
    measure: async (model, data, key) => (await imputed(model, data, key)).rmse,
  }),
  ofDiamonds('impute-accuracy', 'hidden grades that are filled right, with two hidden cells in a row', {
    unit: 'of 1',
    bound: { atLeast: 0.5 },
    measure: async (model, data, key) => (await imputed(model, data, key)).accuracy,
  }),
  ofDiamonds(
    'anomaly',
    'AUROC of test rows with a cell of another row, by the sum over cells given all others',
    {
      unit: 'of 1',
      bound: { atLeast: 0.85 },
      measure: async (model, { test }, key) => {
        const { table, changed } = swapped(test, key);
        const { rows } = await model.score(table, { given: 'others' });
        const of = (wanted: boolean) =>
          rows.filter((_, row) => changed.has(row) === wanted).map((value) => -value);
        return auroc(of(true), of(false));
      },
    },
  ),
  {
    ...ofDiamonds(
      'anomaly-margin',
      'by how much that AUROC is above the best of LocalOutlierFactor, IsolationForest and GaussianMixture of scikit-learn, on the same rows',
      {
        unit: 'of 1',
        bound: { atLeast: 0.05 },
        measure: async (model, { train, test, schema }, key) => {
          const { table, changed } = swapped(test, key);
          const own = (await model.score(table, { given: 'others' })).rows.map((value) => -value);
          const columns = cellsOf(schema);
          const peers = await detectorScores({ train: columns(train), test: columns(table) });
          const of = (scores: ArrayLike<number>, wanted: boolean) =>
            Array.from(scores).filter((_, row) => changed.has(row) === wanted);
          const aurocOf = (scores: ArrayLike<number>) => auroc(of(scores, true), of(scores, false));
          return aurocOf(own) - Math.max(...Object.values(peers).map(aurocOf));
        },
      },
    ),
    unavailable: whyNoDetectors,
  },
  ofDiamonds(
    'conditions',
    'drawing 50 rows with cut=Fair, color=J and clarity=IF, all of which have them, by a model that was just opened',
    {
      unit: 's',
      bound: { atMost: 1 },
      measure: async (model, _, key, engine) => {
        const given = { cut: 'Fair', color: 'J', clarity: 'IF' };
        model.useEngine(engine);
        const started = performance.now();
        const { table } = await model.sample(50, { key, given });
        const seconds = (performance.now() - started) / 1000;
        const isKept = (row: number) =>
          Object.entries(given).every(([name, level]) => table.column(name).text(row) === level);
        const kept = Array.from({ length: table.count }, (_, row) => isKept(row)).filter(Boolean).length;
        if (kept === 50) return seconds;
        throw new NumericalError({
          ...{ where: 'tables', expected: 'to have the given cells in 50 rows', actual: `${kept} such rows` },
        });
      },
    },
  ),
  {
    ...ofDiamonds(
      'masses',
      'the farthest that the probabilities of all values of a cell are from 1 in sum, in each column of 16 rows with random cells seen',
      {
        unit: 'of 1',
        bound: { atMost: 1e-5 },
        measure: async (model, { test }) =>
          withFile('diamonds.dgm', await modelBytes(model), (file) =>
            withFile('diamonds.csv', test.toBytes(), async (csv) => {
              const found = await benchmark('masses.ts', [file, csv]);
              return Math.max(...Object.values(found as Readonly<Record<string, number>>));
            }),
          ),
      },
    ),
    unavailable: whyNoBenchmarks,
  },
  ofDiamonds(
    'first-cell',
    'share of test rows with a cell of another row in which that cell is named first',
    {
      unit: 'of 1',
      bound: { atLeast: 0.52 },
      measure: async (model, { test }, key) => {
        const { table, changed } = swapped(test, key);
        const explained = await model.explain(table, [...changed.keys()], 1);
        const columns = [...changed.values()].map((column) => table.columns[column]!.name);
        return explained.filter(([first], at) => first!.column === columns[at]).length / explained.length;
      },
    },
  ),
  ofDiamonds(
    'shapes',
    'what the distributions of a column in drawn and in test rows have in common, the mean',
    {
      unit: 'of 1',
      bound: { atLeast: 0.983 },
      measure: async (model, { test }, key) => {
        const { columns } = await evaluateTable(model, test, { key, draws: 10_000 });
        return average(columns.map(({ similarity }) => similarity));
      },
    },
  ),
  ofDiamonds(
    'interval',
    'how far the share of hidden numbers within intervals of 90 % is from that, two hidden cells in a row',
    {
      unit: 'of 1',
      bound: { atMost: 0.02 },
      measure: async (model, data, key) => Math.abs((await coverage(model, data, key)) - 0.9),
    },
  ),
  {
    ...ofDiamonds('compress-bits', 'size of one lossless file of the test rows, decoded and compared', {
      unit: 'bits per row',
      bound: { atMost: 41 },
      measure: (model, { test }) => (8 * fileBytes(model, test)) / test.count,
    }),
    // Deterministic evaluation in plain JavaScript takes as long as training.
    seeds: [0],
    minutes: 8,
  },
  ofCredit('nats', 'nats of a test row, all 14 cells with their gaps', {
    unit: 'nats',
    bound: { atMost: 36.8 },
    measure: ({ training }) => training!.nats,
  }),
  ofCredit(
    'auroc',
    'AUROC of the bad among test rows, by the probability of their status given all other cells',
    {
      unit: 'of 1',
      bound: { atLeast: 0.81 },
      measure: async (model, table) => {
        const test = table.subset(splitRows(table.count).test);
        const status = test.columns.findIndex(({ name }) => name === 'Status');
        const logProb = async (level: string) => {
          const rows = test.replace((_, column) => (column === status ? level : undefined));
          return (await model.score(rows, { given: 'others' })).cells['Status']!;
        };
        const [bad, good] = [await logProb('bad'), await logProb('good')];
        const odds = bad.map((value, row) => value - good[row]!);
        const of = (level: string) => odds.filter((_, row) => test.columns[status]!.text(row) === level);
        return auroc(of('bad'), of('good'));
      },
    },
  ),
  ofCredit(
    'gaps',
    'difference of the shares of rows without an income, 10,000 drawn rows and training rows',
    {
      unit: 'of 1',
      bound: { atMost: 0.01 },
      measure: async (model, table, key) => {
        const { table: drawn } = await model.sample(10_000, { key });
        const share = (rows: TextTable) => {
          const [income] = readCells(rows, model.schema).columns.filter(
            ({ schema }) => schema.name === 'Income',
          );
          return income!.values.filter(Number.isNaN).length / rows.count;
        };
        return Math.abs(share(drawn) - share(table.subset(splitRows(table.count).train)));
      },
    },
  ),
  {
    ...ofSpeed('step', 'a training step of the network of diamonds on 256 rows, one thread', {
      unit: "of PyTorch's time",
      bound: { atMost: 1 },
      measure: async (context) => stepRatio(await context.table('diamonds')),
    }),
    requires: { table: 'diamonds', pytorch: true },
    unavailable: whyNoBenchmarks,
  },
  ofSpeed('sampling', 'drawing 10,000 rows of diamonds', {
    unit: 's',
    bound: { atMost: 2.7 },
    measure: async (context) => {
      const { model } = await untrained(context);
      return medianSeconds(() => model.sample(10_000, { key: Key.of(1) }));
    },
  }),
  ofSpeed('scoring', 'scoring the 5,391 test rows of diamonds', {
    unit: 's',
    bound: { atMost: 0.9 },
    measure: async (context) => {
      const { model, test } = await untrained(context);
      return medianSeconds(() => model.score(test));
    },
  }),
  {
    ...ofSpeed('opening', 'opening the model file of diamonds in a program that has just started', {
      unit: 's',
      bound: { atMost: 0.2 },
      measure: async (context) => {
        const { model } = await untrained(context);
        return withFile('diamonds.dgm', await modelBytes(model), async (file) => {
          const times: number[] = [];
          for (let start = 0; start < 5; start++) {
            times.push(((await benchmark('open.ts', [file])) as { readonly seconds: number }).seconds);
          }
          return median(times);
        });
      },
    }),
    unavailable: whyNoBenchmarks,
  },
  ofSpeed('reading', 'reading the text of diamonds with its cells as numbers, by a schema', {
    unit: 'MB/s',
    bound: { atLeast: 30 },
    measure: async (context) => {
      const { table, schema } = await diamonds(context);
      const text = new Blob([new Uint8Array(table.toBytes())]);
      const seconds = await medianSeconds(async () => readCells(await readTextTable(text), schema));
      return text.size / 1e6 / seconds;
    },
  }),
];

/** The network of the diamonds as it is before training: how fast it is does not depend on its weights. */
async function untrained(
  context: ClaimContext,
): Promise<{ readonly model: TableModel; readonly test: TextTable }> {
  const { schema, train, test } = await diamonds(context);
  const options = { maxBins: 200, minCount: 8, maxLevels: 512, protect: 1 };
  const codec = TableCodec.of(schema, readCells(train, schema), options);
  const network = new AnyOrderNetwork(codec, { hidden: 256, blocks: 3, key: Key.of(0) });
  return { model: new TableModel(network, { engine: context.engine.engine }), test };
}

/** The programs that measure the package, among its sources. */
const BENCHMARKS = fileURLToPath(new URL('../../../../../packages/tables/bench', import.meta.url));

function whyNoBenchmarks(): Promise<string | undefined> {
  return Promise.resolve(existsSync(BENCHMARKS) ? undefined : 'the sources of @dgm/tables are not there');
}

/** What such a program prints. */
async function benchmark(name: string, words: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', path.join(BENCHMARKS, name), ...words],
    {
      cwd: path.join(BENCHMARKS, '../../../apps/benchmark'),
      env: { ...process.env, TSX_TSCONFIG_PATH: path.join(BENCHMARKS, '../../../tsconfig.json') },
    },
  );
  return JSON.parse(stdout);
}

/** Hands out a file for a while. */
async function withFile<T>(name: string, bytes: Uint8Array, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dgm-claims-'));
  try {
    const file = path.join(folder, name);
    await writeFile(file, bytes);
    return await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A step's time by that of PyTorch, turn by turn. */
async function stepRatio(table: TextTable): Promise<number> {
  const torch = await findTorch();
  if ('missing' in torch) return Number.NaN;
  return withFile('diamonds.csv', table.toBytes(), async (file) => {
    const found = await benchmark('step.ts', [file, '--python', torch.python]);
    return (found as { readonly ratio: number }).ratio;
  });
}

/** The program of the detectors of scikit-learn, among the sources. */
const DETECTORS = fileURLToPath(new URL('../../../peers/scikit-learn/anomalies.py', import.meta.url));

async function whyNoDetectors(): Promise<string | undefined> {
  if (!existsSync(DETECTORS)) return 'the sources of dgm-bench are not there';
  const found = await findLibrary('scikit-learn');
  return 'missing' in found ? `scikit-learn is missing: ${found.missing}` : undefined;
}

/** Scores of the rows of `test` by each detector, higher for odder ones; both tables by columns. */
async function detectorScores(
  tables: Readonly<Record<'train' | 'test', readonly Float64Array[]>>,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const found = await findLibrary('scikit-learn');
  if ('missing' in found) return {};
  const rowsOf = (columns: readonly Float64Array[]) =>
    Array.from(columns[0]!, (_, row) => columns.map((column) => column[row]!));
  const task = { train: rowsOf(tables.train), test: rowsOf(tables.test), seed: 0 };
  const program = spawn(found.python, [DETECTORS], { stdio: ['pipe', 'pipe', 'inherit'] });
  program.stdin.end(JSON.stringify(task));
  return JSON.parse(await text(program.stdout)) as Readonly<Record<string, readonly number[]>>;
}

/** The median time of five runs, after one that compiles. */
async function medianSeconds(run: () => Promise<unknown>): Promise<number> {
  await run();
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    await run();
    times.push((performance.now() - start) / 1000);
  }
  return median(times);
}

/** Bytes of one file of a table, which has to decode to the same text. */
function fileBytes(model: TableModel, table: TextTable): number {
  const codec = tableFileCodec(model);
  const file = codec.encode(table);
  if (codec.decode(file).toString() === table.toString()) return file.length;
  throw new NumericalError({
    ...{ where: 'tables', expected: 'the text that was encoded', actual: 'another' },
  });
}

/** The cells of tables as numbers, by column. */
const cellsOf = (schema: TableSchema) => (rows: TextTable) =>
  readCells(rows, schema).columns.map(({ values }) => values);

const numbersOf = (rows: TextTable, name: string) =>
  Float64Array.from({ length: rows.count }, (_, row) => Number(rows.column(name).text(row)));

/** What follows from the columns of diamonds: how far the depth is from that of the sides, the difference of the sides, and others. */
function derived(rows: TextTable): readonly Float64Array[] {
  const [x, y, z, depth, carat, price, table] = ['x', 'y', 'z', 'depth', 'carat', 'price', 'table'].map(
    (name) => numbersOf(rows, name),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  return [
    z.map((value, row) => (200 * value) / Math.max(x[row]! + y[row]!, 0.01) - depth[row]!),
    x.map((value, row) => value - y[row]!),
    price.map((value, row) => value / carat[row]! ** 1.7),
    x.map((value, row) => (value * y[row]! * z[row]!) / carat[row]!),
    table.map((value) => value % 1),
  ];
}

/** Two hidden cells of each test row: the rows of each column. */
function hiddenCells({ test, schema }: Diamonds, key: Key): readonly ReadonlySet<number>[] {
  const random = key.generator();
  const hidden = schema.columns.map(() => new Set<number>());
  for (let row = 0; row < test.count; row++) {
    const first = random.below(hidden.length);
    const second = (first + 1 + random.below(hidden.length - 1)) % hidden.length;
    for (const column of [first, second]) hidden[column]!.add(row);
  }
  return hidden;
}

const withoutCells = ({ test }: Diamonds, hidden: readonly ReadonlySet<number>[]) =>
  test.replace((row, column) => (hidden[column]!.has(row) ? '' : undefined));

/** Draws of a cell: the second lowest and second highest of 39 hold 90 % of the distribution between them. */
const DRAWS = 39;

/** The share of hidden numbers between the second lowest and second highest draw; chance decides where some are equal. */
async function coverage(model: TableModel, data: Diamonds, key: Key): Promise<number> {
  const { schema, test } = data;
  const hidden = hiddenCells(data, key);
  const table = withoutCells(data, hidden);
  const filled: (readonly Float64Array[])[] = [];
  for (let draw = 0; draw < DRAWS; draw++) {
    const drawn = await model.impute(table, { by: 'draw', key: key.fold('draw').fold(draw) });
    filled.push(readCells(drawn, schema).columns.map(({ values }) => values));
  }
  const truth = readCells(test, schema).columns;
  const random = key.fold('ties').generator();
  const isInside: boolean[] = [];
  schema.columns.forEach(({ name }, column) => {
    if (name in GRADES) return;
    for (const row of hidden[column]!) {
      const own = truth[column]!.values[row]!;
      const draws = filled.map((columns) => columns[column]![row]!);
      const below = draws.filter((value) => value < own).length;
      const equal = draws.filter((value) => value === own).length;
      const rank = below + random.below(equal + 1);
      isInside.push(rank >= 2 && rank <= DRAWS - 2);
    }
  });
  return isInside.filter(Boolean).length / isInside.length;
}

/** Fills two hidden cells of each test row. */
async function imputed(
  model: TableModel,
  data: Diamonds,
  key: Key,
): Promise<{ readonly rmse: number; readonly accuracy: number }> {
  const { train, test, schema } = data;
  const hidden = hiddenCells(data, key);
  const filled = readCells(await model.impute(withoutCells(data, hidden)), schema);
  const [truth, learned] = [readCells(test, schema), readCells(train, schema)];
  const errors: number[] = [];
  const accuracies: number[] = [];
  schema.columns.forEach(({ name }, column) => {
    const rows = [...hidden[column]!];
    const [own, wanted] = [filled, truth].map((table) => table.columns[column]!.values) as [
      Float64Array,
      Float64Array,
    ];
    if (name in GRADES) {
      accuracies.push(rows.filter((row) => own[row] === wanted[row]).length / rows.length);
      return;
    }
    const spread = deviation(learned.columns[column]!.values);
    const squares = rows.reduce((sum, row) => sum + (own[row]! - wanted[row]!) ** 2, 0);
    errors.push(Math.sqrt(squares / rows.length) / spread);
  });
  return { rmse: average(errors), accuracy: average(accuracies) };
}

/** One cell of a twentieth of the rows becomes that of another row: `changed` has the places of their columns by row. */
function swapped(
  test: TextTable,
  key: Key,
): { readonly table: TextTable; readonly changed: ReadonlyMap<number, number> } {
  const random = key.fold('cells').generator();
  const rows = [
    ...key
      .fold('rows')
      .permutation(test.count)
      .slice(0, Math.floor(test.count / 20)),
  ];
  const cells = new Map(
    rows.map((row) => {
      const column = random.below(test.columns.length);
      const own = test.columns[column]!;
      for (;;) {
        const text = own.text(random.below(test.count));
        if (text !== own.text(row)) return [row, { column, text }] as const;
      }
    }),
  );
  const table = test.replace((row, column) =>
    cells.get(row)?.column === column ? cells.get(row)!.text : undefined,
  );
  return { table, changed: new Map([...cells].map(([row, { column }]) => [row, column])) };
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
