import { adam, fit, Key, Permutation, trainable, valueAndGradients } from '@dgm/core';
import '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { flow } from '../flow';
import { BatchNormFlow } from './normalization';

const data = (rows: number, seed = 0): Tensor =>
  tf.tidy(() => tf.add([10, -3], tf.mul([5, 0.1], Key.of(seed).normal([rows, 2]))));

const momentsOf = (x: Tensor): number[][] => {
  const { mean, variance } = tf.moments(x, 0);
  return [[...mean.dataSync()], [...variance.dataSync()]];
};

test('in training every batch comes out with mean 0 and variance 1, and averages of its moments are kept', () => {
  const layer = new BatchNormFlow({ features: 2 });
  const kept = (name: string): number[] => [...layer.parameters().get(name)!.dataSync()];
  let [mean, variance] = [[0, 0], [1, 1]]; // prettier-ignore
  for (const seed of [0, 1]) {
    const y = data(50, seed);
    const { z } = layer.inverseAndLogDet(y, { training: true });
    const [zMean, zVariance] = momentsOf(z);
    expect(zMean).toBeCloseToArray([0, 0], { absolute: 1e-4 });
    expect(zVariance).toBeCloseToArray([1, 1], { absolute: 2e-3 });
    const [batchMean, batchVariance] = momentsOf(y).map((values) => [...values]);
    mean = mean!.map((value, i) => 0.9 * value + 0.1 * batchMean![i]!);
    variance = variance!.map((value, i) => 0.9 * value + 0.1 * batchVariance![i]!);
    expect(kept('mean')).toBeCloseToArray(mean, { relative: 1e-4 });
    expect(kept('variance')).toBeCloseToArray(variance, { relative: 1e-3 });
  }
  layer.dispose();
});

test('a trained model is validated with moments like those of training', async () => {
  const generator = Key.of(7).generator();
  const examples = (count: number) => ({
    count,
    shape: [2],
    values: Float32Array.from({ length: 2 * count }, () => 10 + 3 * generator.normal()),
  });
  const model = flow({ layers: [new BatchNormFlow({ features: 2 })] });
  const { curve } = await fit(
    model,
    { train: examples(512), validation: examples(256) },
    { key: Key.of(1), optimizer: adam({ learningRate: 1e-2 }), batchSize: 64, epochs: 20 },
  );
  // The entropy of the data is 5.035 nats.
  expect(Math.abs(curve.at(-1)!.validation! - 5.035)).toBeLessThan(0.2);
  model.dispose();
});

test('otherwise the moments are those of the data that were measured last, all layers one after the other', () => {
  const [first, second] = [new BatchNormFlow({ features: 2 }), new BatchNormFlow({ features: 2 })];
  const model = flow({ layers: [second, Permutation.reverse(2), first] });
  for (const seed of [0, 1]) {
    const y = data(400, seed);
    model.initialize(y);
    const [mean, variance] = momentsOf(model.encode(y));
    expect(mean).toBeCloseToArray([0, 0], { absolute: 1e-4 });
    expect(variance).toBeCloseToArray([1, 1], { absolute: 2e-3 });
    // The second layer saw what the first one made of the data, not the data.
    expect([...second.parameters().get('variance')!.dataSync()]).toBeCloseToArray([1, 1], { absolute: 2e-3 });
  }
  model.dispose();
});

test('measured on a batch, it says the same of it in training and not', () => {
  const layer = new BatchNormFlow({ features: 2 });
  const y = data(50);
  const measured = layer.initialize(y);
  const trained = layer.inverseAndLogDet(y, { training: true });
  for (const part of ['z', 'logDet'] as const) {
    expect([...measured[part].dataSync()]).toBeCloseToArray([...trained[part].dataSync()], {
      absolute: 1e-5,
    });
  }
  layer.dispose();
});

test('gradients in training flow through the moments: the scale of the data does not matter', () => {
  const layer = new BatchNormFlow({ features: 2 });
  const scale = tf.variable(tf.tensor1d([2, 3]));
  const { gradients } = valueAndGradients(
    () => {
      const y = tf.mul(scale, Key.of(0).normal([20, 2]));
      const { z } = layer.inverseAndLogDet(y, { training: true });
      return { total: tf.sum<Scalar>(tf.mul(z, tf.sin(z))) };
    },
    new Map([['scale', scale], ...trainable(layer)]),
  );
  expect([...gradients.get('scale')!.dataSync()]).toBeCloseToArray([0, 0], { absolute: 1e-3 });
  expect(Math.abs(gradients.get('logScale')!.dataSync()[0]!)).toBeGreaterThan(0.1);
  expect([...gradients.keys()]).toEqual(['scale', 'shift', 'logScale']);
  layer.dispose();
  scale.dispose();
});

test('a feature that is constant stays finite', () => {
  const layer = new BatchNormFlow({ features: 2 });
  const { z, logDet } = layer.inverseAndLogDet(tf.ones([4, 2]), { training: true });
  expect([...z.dataSync(), ...logDet.dataSync()].every(Number.isFinite)).toBe(true);
  layer.dispose();
});
