import { evaluate, fit, Key } from '@dgm/core';
import type { BenchmarkTask, OptimizerFactory } from '@dgm/core';
import { tableDataset } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { expect, test } from 'vitest';
import { mafOfTables, splineFlowOfTables } from './benchmark-of-tables';

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
const task: BenchmarkTask = { dataset, key, quick: true };

test.each([
  { name: 'maf', create: mafOfTables },
  { name: 'spline-flow', create: splineFlowOfTables },
])('$name learns a table', async ({ create }) => {
  const { model, training } = create({ ...task, width: 64 });
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

test('what a coupling leaves is transformed as well: every column is bent', () => {
  const { model } = splineFlowOfTables(task);
  const paths = [...model.parameters().keys()];
  expect(paths.filter((path) => path.endsWith('network/values'))).toHaveLength(2);
  model.dispose();
});
