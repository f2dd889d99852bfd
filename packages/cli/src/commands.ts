import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { exportFunction } from '@dgm/compile';
import { inspectFile, readTableCodec, tableFileCodec, type TableFileCodec } from '@dgm/compress';
import { ArgumentError, Key, SerializationError, setup, type ModelPackage, type Module } from '@dgm/core';
import { loadModel, saveModel } from '@dgm/core/node';
import { inferSchema, parseSchema, TextTable } from '@dgm/data';
import * as tables from '@dgm/tables';
import {
  evaluateTable,
  splitRows,
  TableModel,
  trainTable,
  type CellExplanation,
  type TableEvaluation,
} from '@dgm/tables';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { aligned } from './aligned';
import { breakEven, breakEvenText } from './break-even';
import { bestEngine } from './engine';
import { evaluationPage, evaluationText } from './evaluation';
import { parseGiven } from './given';
import { readSomeRows, readTable, readTables } from './table-files';
import { checkWritable, openTraining } from './training-files';
import { trainingText } from './training-text';
import type {
  CompressCommand,
  DecompressCommand,
  EvaluateCommand,
  ExplainCommand,
  ReportCommand,
  SampleCommand,
  TrainCommand,
} from './program';
import { readBytes, showProgress, writeBytes, type Streams } from './streams';

export async function inspect(
  file: string,
  { json }: { readonly json?: boolean },
  streams: Streams,
): Promise<void> {
  const schema = inferSchema(await readSomeRows(file, streams));
  if (json) return printJson(schema, streams);
  const lines = schema.columns.map(({ name, kind, missing, why }) => [
    name,
    kind,
    missing === 0 ? '' : `${missing} missing`,
    why,
  ]);
  streams.stdout.write(`${aligned(lines)}\n`);
}

export async function train(
  file: string,
  { out, model: kind, minutes, steps, seed, schema, columns, protect, resume = false, json }: TrainCommand,
  streams: Streams,
): Promise<void> {
  await checkWritable('dgm train', out);
  const { store, clear } = await openTraining(out, resume);
  const table = await readSomeRows(file, streams);
  const signal = { aborted: false };
  streams.onInterrupt(() => (signal.aborted = true));
  await setup({ backend: 'cpu' });
  const { engine, isNative } = await bestEngine();
  if (!isNative) {
    streams.stderr.write(
      'Training is about four times as fast with onnxruntime-node: npm i -g onnxruntime-node\n',
    );
  }
  const model = await trainTable(table, {
    model: kind,
    seed,
    protect,
    signal,
    minutes,
    engine,
    checkpoint: { store },
    ...(steps !== undefined && { steps }),
    ...(schema !== undefined && { schema: parseSchema(await readFile(schema, 'utf8')) }),
    ...(columns !== undefined && { columns }),
    onProgress: ({ model, step, steps: all, secondsLeft, validation }) => {
      const nats = validation === undefined ? '' : `, ${validation.toFixed(2)} nats`;
      const name = kind === 'auto' ? `${model}: ` : '';
      streams.stderr.write(`\r${name}step ${step} of ${all}${nats}, ${duration(secondsLeft)} left   `);
    },
  });
  try {
    await saveModel(model, out, { card: model.card });
    const training = model.training!;
    streams.stderr.write(`\n${trainingText(training, model.likelihoodKind !== 'exact')}\n`);
    if (signal.aborted) {
      streams.stderr.write(`${out} is the best model so far. To go on, add --resume to the command.\n`);
    } else {
      await clear();
      const impute = model.kind === 'any-order' ? `, dgm impute ${out} ${file}` : '';
      streams.stderr.write(`Next: dgm sample ${out}, dgm score ${out} ${file}${impute}\n`);
    }
    if (json) printJson({ model: out, kind: model.kind, ...training }, streams);
  } finally {
    model.dispose();
  }
}

export async function score(
  path: string,
  file: string,
  { cells, of }: { readonly cells?: boolean; readonly of: 'before' | 'others' },
  streams: Streams,
): Promise<void> {
  const model = await openModel(path);
  if (cells && model.likelihoodKind !== 'exact') {
    const argument = '--cells';
    const expected = 'to be for a model that scores cells: dgm train --model any-order, or trees';
    throw new ArgumentError({ where: 'dgm score', argument, expected, actual: model.kind });
  }
  const write = (values: Float64Array) => Array.from(values, (value) => value.toFixed(4));
  await writePieces(file, streams, async (table) => {
    const scores = await model.score(table, { given: of });
    const ofCells = Object.entries(scores.cells).map(([name, values]) => ({ name, cells: write(values) }));
    return TextTable.of([{ name: 'logProb', cells: write(scores.rows) }, ...(cells ? ofCells : [])]);
  });
  model.dispose();
}

export async function explain(
  path: string,
  file: string,
  { row, cells, json }: ExplainCommand,
  streams: Streams,
): Promise<void> {
  const model = await openModel(path);
  const explained: (readonly CellExplanation[])[] = [];
  let count = 0;
  for await (const table of readTables(file, streams)) {
    const here = [...row.keys()].filter((at) => row[at]! > count && row[at]! <= count + table.count);
    const numbers = here.map((at) => row[at]! - 1 - count);
    const found = await model.explain(table, numbers, cells);
    here.forEach((at, place) => (explained[at] = found[place]!));
    count += table.count;
    if (row.every((_, at) => explained[at])) break;
  }
  const outside = row.find((_, at) => !explained[at]);
  if (outside !== undefined) {
    throw new ArgumentError({
      where: 'dgm explain',
      argument: '--row',
      expected: `to be at most ${count}`,
      actual: String(outside),
    });
  }
  if (json)
    printJson(
      explained.map((found, at) => ({ row: row[at], cells: found })),
      streams,
    );
  else {
    const lines = explained.flatMap((found, at) =>
      found.map(({ column, text, expected, surprise }) => [
        `row ${row[at]}`,
        column,
        text,
        `expected ${expected}`,
        `${surprise >= 0 ? '+' : ''}${surprise.toFixed(1)} nats`,
      ]),
    );
    streams.stdout.write(`${aligned(lines)}\n`);
  }
  model.dispose();
}

export async function sample(
  path: string,
  { rows, seed, given, like }: SampleCommand,
  streams: Streams,
): Promise<void> {
  const model = await openModel(path);
  const gaps = like === undefined ? undefined : await readTable(like, streams);
  const count = gaps?.count ?? rows;
  const drawn = await model.sample(count, {
    key: Key.of(seed),
    ...(given && { given: parseGiven(given) }),
    ...(gaps && { like: gaps }),
  });
  streams.stdout.write(drawn.table.toBytes());
  if (drawn.effectiveSampleSize < 0.999 * count) {
    streams.stderr.write(
      `The conditions make the rows worth ${drawn.effectiveSampleSize.toFixed(1)} of ${count}.\n`,
    );
  }
  model.dispose();
}

export async function impute(
  path: string,
  file: string,
  { draw, seed }: { readonly draw?: boolean; readonly seed: number },
  streams: Streams,
): Promise<void> {
  const model = await openModel(path);
  await writePieces(file, streams, (table, firstRow) =>
    model.impute(table, draw ? { by: 'draw', key: Key.of(seed), firstRow } : {}),
  );
  model.dispose();
}

export async function evaluate(
  path: string,
  file: string | undefined,
  { json, ...options }: EvaluateCommand,
  streams: Streams,
): Promise<void> {
  const { found, model } = await evaluated('dgm evaluate', { path, file, ...options }, streams);
  model.dispose();
  if (json) printJson({ ...found, seed: options.seed }, streams);
  else streams.stdout.write(evaluationText(found));
}

export async function report(
  path: string,
  file: string | undefined,
  { out = `${path.replace(/\.dgm$/, '')}.html`, ...options }: ReportCommand,
  streams: Streams,
): Promise<void> {
  await checkWritable('dgm report', out);
  const { found, model } = await evaluated('dgm report', { path, file, ...options }, streams);
  await writeFile(out, evaluationPage(found, model, basename(path)));
  model.dispose();
  for (const warning of found.warnings) streams.stderr.write(`Warning: ${warning}\n`);
  streams.stderr.write(`Written: ${out}\n`);
}

interface Evaluating {
  readonly path: string;
  readonly file: string | undefined;
  readonly train?: string;
  readonly seed: number;
}

/** The evaluation of a model, which becomes the caller's own. */
async function evaluated(
  where: string,
  { path, file, train: trainFile, seed }: Evaluating,
  streams: Streams,
): Promise<{ readonly found: TableEvaluation; readonly model: TableModel }> {
  if (file === undefined && trainFile === undefined) {
    throw new ArgumentError({
      where,
      argument: 'file',
      expected: 'to be a table, or --train to be the one that the model was trained on',
      actual: 'neither',
    });
  }
  const model = await openModel(path);
  try {
    const whole = trainFile === undefined ? undefined : await readSomeRows(trainFile, streams);
    const split = whole && splitRows(whole.count);
    if (split && model.training && split.train.length !== model.training.rows) {
      throw new ArgumentError({
        where,
        argument: '--train',
        expected: `to be the table of the model, with ${model.training.rows} training rows`,
        actual: `one with ${split.train.length}`,
      });
    }
    const heldOut = file === undefined ? whole!.subset(split!.test) : await readSomeRows(file, streams);
    const found = await evaluateTable(model, heldOut, {
      key: Key.of(seed),
      ...(split && { train: whole!.subset(split.train) }),
    });
    return { found, model };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

export async function compress(
  path: string,
  file: string,
  { out, includeModel = false }: CompressCommand,
  streams: Streams,
): Promise<void> {
  const [codec, table] = [await openCodec(path), await readTable(file, streams)];
  const onProgress = showProgress('compressed', streams);
  const bytes = codec.encode(table, { includeModel, onProgress });
  await writeBytes(bytes, out, streams);
  const [text, model, rows] = [table.toBytes(), codec.toBytes().length, Math.max(table.count, 1)];
  const brotli = brotliCompressSync(text).length;
  const bits = ((8 * bytes.length) / rows).toFixed(1);
  const message = bytes.length - (inspectFile(bytes).model?.length ?? 0);
  const paying = breakEven(model, (brotli - message) / rows);
  streams.stderr.write(
    `${bytes.length} bytes, ${bits} bits a row; the text has ${text.length}, ${brotli} by brotli\n` +
      `${breakEvenText(model, paying, 'rows')}\n`,
  );
}

export async function decompress(
  path: string,
  { out, model }: DecompressCommand,
  streams: Streams,
): Promise<void> {
  const file = await readBytes(path, streams);
  const inside = inspectFile(file).model;
  if (model === undefined && inside === undefined) {
    throw new ArgumentError({
      where: 'dgm decompress',
      argument: '--model',
      expected: 'to be given for a file without its model inside',
      actual: 'nothing',
    });
  }
  const codec = model === undefined ? readTableCodec(inside!) : await openCodec(model);
  const table = codec.decode(file, { onProgress: showProgress('decompressed', streams) });
  await writeBytes(table.toBytes(), out, streams);
}

export async function info(
  path: string,
  { json }: { readonly json?: boolean },
  streams: Streams,
): Promise<void> {
  const model = await openModel(path);
  const { kind, columns, schema } = model;
  if (json) printJson({ kind, columns, training: model.training, schema }, streams);
  else {
    const { training } = model;
    streams.stdout.write(`${aligned(model.schema.columns.map(({ name, kind }) => [name, kind]))}\n`);
    if (training) {
      const { rows, steps, seed } = training;
      const text = trainingText(training, model.likelihoodKind !== 'exact');
      streams.stdout.write(`\n${kind}: ${rows} rows, ${steps} steps, seed ${seed}\n${text}\n`);
    }
  }
  model.dispose();
}

/** Writes the distributions of all columns, given what is seen of rows, as an ONNX file. */
export async function exportOnnx(
  path: string,
  { out, rows }: { readonly out: string; readonly rows: number },
): Promise<void> {
  await checkWritable('dgm export', out);
  const model = await openModel(path);
  try {
    const { network, codec, columns } = model;
    const { width, offsets, numbers, categories } = network.layout;
    const place = (column: number) => {
      const at = numbers.columns.indexOf(column);
      return at >= 0
        ? ([at, 'number'] as const)
        : ([categories.columns.indexOf(column), 'category'] as const);
    };
    const bytes = exportFunction(
      ({ tensors }) => {
        const seen = tensors as Record<'codes' | 'features', Tensor2D>;
        const distribution = (column: number) => {
          const [at, kind] = place(column);
          const group = tf.tensor1d([at], 'int32');
          return kind === 'number' ? network.numberColumn(seen, group) : network.categoryColumn(seen, group);
        };
        return Object.fromEntries(columns.map((name, column) => [`column/${name}`, distribution(column)]));
      },
      { codes: { shape: [rows, width], dtype: 'int32' }, features: { shape: [rows, 2 * width] } },
      {
        parameters: network.parameters(),
        metadata: {
          'dgm.schema': JSON.stringify(model.schema),
          'dgm.columns': JSON.stringify(
            codec.columns.map(({ state }, at) => ({ ...state, offset: offsets[at] })),
          ),
        },
      },
    );
    await writeFile(out, bytes);
  } finally {
    model.dispose();
  }
}

/**
 * Turns a table of any size into another one, piece by piece.
 * @param turn - is given the number of a piece's first row
 */
async function writePieces(
  file: string,
  streams: Streams,
  turn: (table: TextTable, firstRow: number) => Promise<TextTable>,
): Promise<void> {
  let count = 0;
  for await (const table of readTables(file, streams)) {
    const turned = await turn(table, count);
    const bytes = (count === 0 ? turned : turned.body()).toBytes();
    count += table.count;
    // A reader that is slower than this program must not fill the memory.
    if (!streams.stdout.write(bytes)) await once(streams.stdout, 'drain');
  }
}

async function openModel(path: string): Promise<TableModel> {
  await setup({ backend: 'cpu' });
  const { model } = await loadModel<Module>(path, { packages: [tables], importPackage });
  if (model instanceof TableModel) {
    model.useEngine((await bestEngine()).engine);
    return model;
  }
  model.dispose();
  throw new SerializationError({
    where: 'dgm',
    argument: path,
    expected: 'to hold a model of a table',
    actual: 'another model',
    remedy: 'open it with loadModel of @dgm/core/node',
  });
}

/** The families that models of tables are made of, which are loaded when a file names them. */
const FAMILIES: Readonly<Record<string, (() => Promise<ModelPackage>) | undefined>> = {
  '@dgm/vae': () => import('@dgm/vae'),
  '@dgm/flows': () => import('@dgm/flows'),
  '@dgm/diffusion': () => import('@dgm/diffusion'),
};

const importPackage = (name: string) => FAMILIES[name]?.() ?? Promise.resolve(undefined);

/** The codec of a model, which needs the model no longer. */
async function openCodec(path: string): Promise<TableFileCodec> {
  const model = await openModel(path);
  try {
    return tableFileCodec(model);
  } finally {
    model.dispose();
  }
}

function printJson(value: unknown, { stdout }: Streams): void {
  stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
