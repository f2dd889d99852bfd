import { Key, Permutation, trainable, valueAndGradients } from '@dgm/core';
import '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { flow } from '../flow';
import { BatchNormFlow } from './batch-norm-flow';

const data = (rows: number, seed = 0): Tensor =>
  tf.tidy(() => tf.add([10, -3], tf.mul([5, 0.1], Key.of(seed).normal([rows, 2]))));

const momentsOf = (x: Tensor): number[][] => {
  const { mean, variance } = tf.moments(x, 0);
  return [[...mean.dataSync()], [...variance.dataSync()]];
};

test('in training every batch comes out with mean 0 and variance 1, and nothing is remembered', () => {
  const layer = new BatchNormFlow({ features: 2 });
  for (const seed of [0, 1]) {
    const { z } = layer.inverseAndLogDet(data(50, seed), { training: true });
    const [mean, variance] = momentsOf(z);
    expect(mean).toBeCloseToArray([0, 0], { absolute: 1e-4 });
    expect(variance).toBeCloseToArray([1, 1], { absolute: 2e-3 });
  }
  const y = data(3);
  expect([...layer.inverseAndLogDet(y).logDet.dataSync()]).toBeCloseToArray([0, 0, 0], { absolute: 1e-4 });
  layer.dispose();
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
