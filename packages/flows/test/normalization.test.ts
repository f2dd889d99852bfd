import { Independent, Key, Mixture, Normal, rungeKutta } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  cnf,
  denseFlow,
  iaf,
  maf,
  neuralSplineFlow,
  planarFlow,
  residualFlow,
  russianRoulette,
  sylvesterFlow,
  type Flow,
} from '../src/index';
import { massOf, train } from './support/train';

const key = Key.of(2);
const flows: Record<string, (dims: number) => Flow> = {
  maf: (dims) => maf({ dims, key, layers: 2, hidden: [8] }),
  iaf: (dims) => iaf({ dims, key, layers: 2, hidden: [8] }),
  'neuralSplineFlow, autoregressive': (dims) =>
    neuralSplineFlow({ dims, key, layers: 1, hidden: [8], kind: 'autoregressive' }),
  planarFlow: (dims) => planarFlow({ dims, key, layers: 2 }),
  sylvesterFlow: (dims) => sylvesterFlow({ dims, key, layers: 1 }),
  'residualFlow, trained with the roulette': (dims) =>
    residualFlow({ dims, key, blocks: 3, hidden: [8], logDet: russianRoulette({ maximum: 8 }) }),
  denseFlow: (dims) => denseFlow({ dims, key, blocks: 2, depth: 2, growth: 4 }),
  cnf: (dims) => cnf({ dims, key, hidden: [8], solver: rungeKutta({ steps: 5 }) }),
};

/** Two clusters. */
function data(dims: number): tf.Tensor {
  return tf.tidy(() => {
    const means = tf.stack([tf.fill([dims], -1.5), tf.fill([dims], 1.5)]);
    return new Mixture([0, 0], new Independent(new Normal(means, 0.6), 1)).sample(Key.of(0), [64]);
  });
}

describe.each(Object.entries(flows))('%s', (_, make) => {
  test.each([1, 2] as const)('the density in %i dimensions integrates to one after training', (dims) => {
    const model = make(dims);
    train(model, data(dims), 15, 5e-2);
    const mass = massOf((x) => model.logProb(x), { from: -7, to: 7, dims, points: dims === 1 ? 600 : 64 });
    expect(mass).toBeCloseTo(1, 2);
    model.dispose();
  });
});
