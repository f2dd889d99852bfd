import { eager, evaluate, fit, Key } from '@dgm/core';
import type { OptimizerFactory } from '@dgm/core';
import { tableDataset } from '@dgm/data';
import type { Flow } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { expect, test } from 'vitest';
import type { RecipeTask } from '../shared/recipe';
import { allRows } from '../shared/rows';
import { mafOfTables } from './maf';
import { splineFlowOfTables } from './spline-flow';

const key = Key.of(0);

/** Three columns: a number, its square, and noise that is far from normal. */
function table() {
  const values = tf.tidy(() => {
    const x = Key.of(1).normal([600, 1]);
    const noise = Key.of(2).uniform([600, 1]);
    return tf.concat([x, tf.add(tf.square(x), tf.mul(0.1, noise)), noise], 1).dataSync() as Float32Array;
  });
  return tableDataset({ count: 600, shape: [3], values });
}

const dataset = table();
const task: RecipeTask = { dataset, key, quick: true };

test.each([
  { name: 'maf', create: mafOfTables },
  { name: 'spline-flow', create: splineFlowOfTables },
])('$name learns a table', async ({ create }) => {
  const { model, training } = create({ ...task, width: 32 });
  const nats = async (): Promise<number> => (await evaluate(model, dataset.validation, { key })).nats;
  const before = await nats();
  await fit(model, dataset, { ...training, key, epochs: 8 });
  expect(await nats()).toBeLessThan(before - 0.02);
  model.dispose();
});

test('the spline flow takes 200000 steps, with a rate that falls to 0 and clipped gradients', () => {
  const miniboone = { ...dataset, train: { ...dataset.train, count: 29556 } };
  const { model, training } = splineFlowOfTables({ ...task, dataset: { ...miniboone } });
  const { batchSize, epochs, clipNorm, earlyStopping } = training;
  expect([batchSize, epochs, clipNorm, earlyStopping]).toEqual([128, 866, 5, undefined]);
  const { learningRate } = training.optimizer as OptimizerFactory;
  expect([0, 100_000, 200_000].map(learningRate)).toBeCloseToArray([3e-4, 1.5e-4, 0], { absolute: 1e-9 });
  model.dispose();
});

test('the spline flow starts from the slopes of the authors, every column bent once in each step', () => {
  const { model } = splineFlowOfTables(task);
  const paths = [...model.parameters().keys()];
  expect(paths.filter((path) => path.endsWith('/values'))).toHaveLength(2);
  for (const [path, variable] of model.parameters()) {
    if (!path.endsWith('permutation')) tf.tidy(() => variable.assign(tf.zeros(variable.shape)));
  }
  // Bins are equal then, the knot between them is at 0, and the slope there is softplus(0), but for its smallest value.
  const origin = (model as Flow).logProb(tf.zeros([1, 3])).dataSync()[0]!;
  const slopes = 2 * 3 * Math.log(Math.log(2) + 1e-3);
  expect(origin).toBeCloseTo(-1.5 * Math.log(2 * Math.PI) + slopes, 4);
  model.dispose();
});

test('the last layer of a residual block starts near 0', () => {
  const { model } = splineFlowOfTables(task);
  const largest = (path: string): number => tf.max(tf.abs(model.parameters().get(path)!)).dataSync()[0]!;
  const last = [...model.parameters().keys()].filter((path) => path.includes('/body/4/'));
  expect(last).toHaveLength(4);
  for (const path of last) {
    expect(largest(path)).toBeLessThanOrEqual(1e-3);
    expect(largest(path.replace('/4/', '/1/'))).toBeGreaterThan(0.1);
  }
  model.dispose();
});

test('MAF trains with a penalty, until the 30th epoch in a row without an improvement', () => {
  const { model, training } = mafOfTables(task);
  const { hyperparameters, learningRate } = training.optimizer as OptimizerFactory;
  expect([0, 1000].map(learningRate)).toEqual([1e-4, 1e-4]);
  expect(hyperparameters).toMatchObject({ epsilon: 0, rootEpsilon: 1e-8, l2: 1e-6 });
  expect([training.batchSize, training.earlyStopping]).toEqual([100, { patience: 29 }]);
  model.dispose();
});

test('MAF is validated with the moments of all training rows', async () => {
  const { model, training } = mafOfTables(task);
  const flow = model as Flow;
  const nats = await training.validate!(model, { epoch: 1, key, engine: eager() });
  const { mean, variance } = tf.moments(flow.encode(allRows(dataset.train)), 0);
  expect([...mean.dataSync()]).toBeCloseToArray([0, 0, 0], { absolute: 1e-4 });
  expect([...variance.dataSync()]).toBeCloseToArray([1, 1, 1], { absolute: 1e-3 });
  expect((await evaluate(model, dataset.validation, { key })).nats).toBeCloseTo(nats, 5);
  model.dispose();
});

test('MAF starts from normal kernels and no biases', () => {
  const { model } = mafOfTables({ ...task, width: 64 });
  const named = (end: string) => [...model.parameters()].filter(([path]) => path.endsWith(end));
  expect(named('/bias').every(([, bias]) => bias.dataSync().every((value) => value === 0))).toBe(true);
  const kernels = named('/raw').map(([, kernel]) => kernel);
  expect(kernels.map(({ shape }) => shape)).toEqual(
    Array.from({ length: 5 }, () => [
      [3, 64],
      [64, 64],
      [64, 6],
    ]).flat(),
  );
  for (const kernel of kernels) {
    const scaled = tf.mul(Math.sqrt(kernel.shape[0]! + 1), kernel);
    const { mean, variance } = tf.moments(scaled);
    const error = 1 / Math.sqrt(kernel.size);
    expect(Math.abs(mean.dataSync()[0]!)).toBeLessThan(4 * error);
    expect(Math.abs(variance.dataSync()[0]! - 1)).toBeLessThan(4 * Math.SQRT2 * error);
  }
  model.dispose();
});
