import { Affine, evaluate, Independent, Key, Sigmoid, Uniform } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import { expect, test } from 'vitest';
import {
  dequantized,
  flow,
  logitPreprocessing,
  realNvp,
  uniformDequantizer,
  variationalDequantizer,
} from '../index';

const LEVELS = 3;
const model = (options = {}) =>
  dequantized({
    flow: realNvp({
      dims: 2,
      key: Key.of(4),
      couplings: 2,
      hidden: [8],
      preprocessing: logitPreprocessing({ levels: LEVELS }),
    }),
    levels: LEVELS,
    ...options,
  });
/** All nine events. */
const everyEvent = () =>
  tf.tensor2d(Array.from({ length: 9 }, (_, index) => [Math.floor(index / 3), index % 3]));
const mean = (x: tf.Tensor) => tf.tidy(() => tf.mean(x).dataSync()[0]!);

test('uniformDequantizer gives noise on [0, 1), not on half of it', () => {
  const { noise, logProb } = uniformDequantizer().draw(tf.zeros([500, 2]), Key.of(0), { sampleShape: [2] });
  const values = noise.dataSync();
  expect(Math.min(...values)).toBeLessThan(0.01);
  expect(Math.max(...values)).toBeGreaterThan(0.99);
  expect(Math.max(...values)).toBeLessThan(1);
  expect([logProb.shape, mean(tf.abs(logProb))]).toEqual([[2, 500], 0]);
});

test('the probabilities of all events add up to the mass of the density within the data range', () => {
  const quantized = model();
  const x = everyEvent();
  const weights = tf.tidy(() => tf.exp(quantized.logWeights(x, Key.of(1), 1000)).arraySync() as number[][]);
  const { mean: total, standardError } = meanAndError(weights.map((row) => row.reduce((a, b) => a + b)));
  expect(total).toBeLessThan(1 + STANDARD_ERRORS * standardError);
  // The logit's margin leaves a little outside.
  expect(total).toBeGreaterThan(0.85);
  quantized.dispose();
});

test('the bound is below the importance-weighted estimate, which is below the truth', async () => {
  const quantized = model();
  const x = tf.tile(everyEvent(), [20, 1]);
  const values = Float32Array.from(x.dataSync());
  const examples = { count: 180, shape: [2], values };
  const bound = await evaluate(quantized, examples, { key: Key.of(1) });
  const tighter = await evaluate(quantized, examples, { key: Key.of(1), importanceSamples: 20 });
  expect([bound.kind, tighter.kind]).toEqual(['lower-bound', 'importance-sampled']);
  expect(tighter.nats).toBeLessThan(bound.nats);
  quantized.dispose();
});

test('where the density is flat on each cell the bound is exact', () => {
  const uniform = flow({
    base: new Independent(new Uniform(0, LEVELS, { shape: [2] }), 1),
    layers: [],
    eventShape: [2],
  });
  const quantized = dequantized({ flow: uniform, levels: LEVELS });
  const bound = quantized.elbo(everyEvent(), Key.of(0)).dataSync();
  for (const value of bound) expect(value).toBeCloseTo(-2 * Math.log(3), 5);
});

test('refuses to draw noise without a key, by name', () => {
  const quantized = model();
  const none = undefined as never;
  expect(() => quantized.elbo(everyEvent(), none)).toThrow('DequantizedFlow.elbo: expected key');
  expect(() => quantized.logWeights(everyEvent(), none, 2)).toThrow('logWeights: expected key');
  expect(() => quantized.logWeights(everyEvent(), Key.of(0), 0)).toThrow('expected numSamples');
  expect(() => quantized.initialize(everyEvent(), none)).toThrow('initialize: expected key');
  quantized.dispose();
});

test('the likelihood counts the logit: twice as many levels on the same grid of latents is twice as coarse', () => {
  const plain = flow({ layers: [logitPreprocessing({ levels: 4 })], eventShape: [1] });
  const wide = flow({
    layers: [logitPreprocessing({ levels: 4 }), new Affine({ scale: 2 })],
    eventShape: [1],
  });
  const ratio = tf.sub(plain.logProb(tf.tensor2d([[1.3]])), wide.logProb(tf.tensor2d([[2.6]])));
  expect(ratio.dataSync()[0]).toBeCloseTo(Math.LN2, 5);
  expect(() => logitPreprocessing({ levels: 4, margin: 0.5 })).toThrow('below 0.5');
});

test('variationalDequantizer: learned noise is inside (0, 1), stays a bound, and comes nearer to the truth', () => {
  const learned = variationalDequantizer(
    realNvp({
      dims: 2,
      key: Key.of(9),
      couplings: 2,
      hidden: [8],
      contextSize: 2,
      preprocessing: new Sigmoid(),
    }),
    { levels: LEVELS },
  );
  const quantized = model({ dequantizer: learned });
  const x = tf.tile(everyEvent(), [5, 1]);
  const { noise } = learned.draw(x, Key.of(0));
  expect(Math.min(...noise.dataSync())).toBeGreaterThan(0);
  expect(Math.max(...noise.dataSync())).toBeLessThan(1);
  const gap = (key: Key) => {
    const weights = quantized.logWeights(x, key, 200);
    return mean(tf.sub(tf.logSumExp(weights, 0), Math.log(200))) - mean(weights);
  };
  const before = tf.tidy(() => gap(Key.of(1)));
  // Only the noise learns: the density, and with it the truth, stays as it is.
  const optimizer = tf.train.adam(3e-2);
  const variables = [...learned.parameters().values()];
  const [objective] = quantized.objectives();
  for (let step = 0; step < 50; step++) {
    optimizer.minimize(() => objective!.loss(x, Key.of(step), { training: true }).total, false, variables);
  }
  const after = tf.tidy(() => gap(Key.of(1)));
  expect(before).toBeGreaterThan(0);
  expect(after).toBeGreaterThan(0);
  expect(after).toBeLessThan(before / 2);
  quantized.dispose();
});
