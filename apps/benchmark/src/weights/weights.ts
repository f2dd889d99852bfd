import { writeFile } from 'node:fs/promises';
import { classContext, classificationError, evaluate, fit, Key, type Dataset, type Engine } from '@dgm/core';
import { gradientNorms, type BoundHybrid, type ExactHybrid } from '@dgm/hybrid';
import * as tf from '@tensorflow/tfjs-core';
import { CommandLine, integer, names, zeroOrPositive } from '../command-line/command-line';
import { loadDataset } from '../datasets/datasets';
import { startEngine } from '../engine/engine';
import { discoverFamilies, selectCandidates } from '../families';
import type { Recipe } from '../recipes/shared/recipe';
import { allRows } from '../recipes/shared/rows';
import { decimal } from '../report/format';
import { finite, stringifyResults } from '../results/json';
import { summarizeDataset } from '../results/schema';
import type { WeightCurve, WeightCurves, WeightPoint } from './weight-curve';

const commandLine = new CommandLine({
  name: 'weights',
  summary: 'Trains hybrid models at several weights of ln p(x), from discriminative to generative.',
  usage: 'weights [options]',
  options: {
    models: {
      type: 'string',
      value: 'NAMES',
      default: 'hybrid-flow,hybrid-idf,hybrid-vae',
      help: 'of these, hybrid-book and hybrid-trunk, separated by commas',
    },
    weights: {
      type: 'string',
      value: 'NUMBERS',
      default: '0,0.001,0.01,0.1,1,10',
      help: 'of ln p(x) in the loss, where ln p(y|x) has the weight 1, separated by commas',
    },
    dataset: { type: 'string', value: 'NAME', default: 'glyphs', help: 'glyphs, digits' },
    'data-dir': { type: 'string', value: 'DIR', help: 'the folder of the data files; also DGM_DATA_DIR' },
    seed: {
      type: 'string',
      value: 'INTEGER',
      default: '0',
      help: 'decides initial weights, order of the data and every draw',
    },
    engine: { type: 'string', value: 'NAME', default: 'auto', help: 'compiled, eager, auto' },
    device: { type: 'string', value: 'NAME', default: 'auto', help: 'as for run' },
    quick: {
      type: 'boolean',
      default: false,
      help: 'one epoch of small networks on a small part of the data',
    },
    json: { type: 'string', value: 'FILE', help: 'also write the curves to a file' },
  },
  notes: `Each model is trained once for each weight, for as long as its recipe says. The likelihoods are without the weight.`,
});

const HYBRIDS = ['hybrid-flow', 'hybrid-idf', 'hybrid-vae', 'hybrid-book', 'hybrid-trunk'];

/**
 * `dgm-bench weights`: a curve of error and likelihood over the weight of ln p(x), for each hybrid model.
 * @returns the exit status of the program
 */
export async function weights(argv: readonly string[]): Promise<number> {
  const { values } = commandLine.parse(argv);
  if (values.help) {
    console.log(commandLine.help);
    return 0;
  }
  const models = names(values.models).map((name) => commandLine.oneOf(name, '--models', HYBRIDS));
  const numbers = commandLine.numbers(values.weights, '--weights', zeroOrPositive);
  const seed = commandLine.number(values.seed, '--seed', integer);
  const { quick } = values;
  const dataset = await loadDataset(values.dataset, { folder: values['data-dir'], quick });
  const chosen = selectCandidates((await discoverFamilies()).candidates, models, commandLine.where);
  const unfit = chosen.find(({ entry }) => !entry.accepts!(dataset));
  if (unfit !== undefined) {
    throw commandLine.error('--dataset', {
      expected: `to be labelled images that ${unfit.entry.name} can learn`,
      actual: dataset.name,
    });
  }
  const { engine, description } = await startEngine(values.engine, values.device);
  console.log(description);
  const curves: WeightCurve[] = [];
  for (const { entry } of chosen) {
    curves.push(await curveOf(entry, dataset, { weights: numbers, seed, quick, engine }));
    if (values.json === undefined) continue;
    const command = `npm run bench -- weights --models ${models.join()} --weights ${numbers.join()} --dataset ${dataset.name} --seed ${seed}`;
    const summary = summarizeDataset(dataset);
    const all: WeightCurves = { schema: 1, command, dataset: summary, seed, curves };
    await writeFile(values.json, stringifyResults(all));
  }
  return 0;
}

interface Options {
  readonly weights: readonly number[];
  readonly seed: number;
  readonly quick: boolean;
  readonly engine: Engine;
}

async function curveOf(
  recipe: Recipe,
  dataset: Dataset,
  { weights: all, seed, quick, engine }: Options,
): Promise<WeightCurve> {
  const key = Key.of(seed).fold(recipe.name);
  const points: WeightPoint[] = [];
  let first: Pick<WeightCurve, 'kind' | 'gradients'> | undefined;
  for (const densityWeight of all) {
    const { model: trained, training } = await recipe.create({
      ...{ dataset, key: key.fold('weights'), quick, densityWeight },
    });
    const model = trained as unknown as ExactHybrid | BoundHybrid;
    try {
      // Before training all weights have the same model.
      first ??= { kind: model.likelihoodKind, gradients: await gradientsOf(model, dataset, key) };
      const epochs = quick ? 1 : training.epochs;
      await fit(trained, dataset, { ...training, key: key.fold('training'), engine, epochs });
      const { nats } = await evaluate(model, dataset.test, { key: key.fold('evaluation'), engine });
      const error = 100 * (await errorOf(model, dataset));
      points.push({ weight: densityWeight, nats: finite(nats), error });
      console.log(`${recipe.name}  ${densityWeight}  ${decimal(nats, 1)} nats  ${decimal(error, 1)} %`);
    } finally {
      model.dispose();
    }
  }
  return { model: recipe.name, ...first!, points };
}

async function gradientsOf(
  model: ExactHybrid | BoundHybrid,
  { train }: Dataset,
  key: Key,
): Promise<WeightCurve['gradients']> {
  const rows = Int32Array.from({ length: Math.min(100, train.count) }, (_, row) => row);
  const batch = classContext({ classes: model.contextSize })(train, rows, { key, training: false });
  const norms = await gradientNorms(model, batch, key.fold('gradients'));
  tf.dispose([batch.x, batch.context]);
  return norms;
}

async function errorOf(model: ExactHybrid | BoundHybrid, { test }: Dataset): Promise<number> {
  const logits = tf.tidy(() => model.classify(allRows(test)));
  const error = await classificationError(logits, test.labels!);
  logits.dispose();
  return error;
}
