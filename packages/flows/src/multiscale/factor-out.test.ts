import {
  conditional,
  Independent,
  Key,
  Mixture,
  mlp,
  Normal,
  normalHead,
  Permutation,
  standardNormal,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import '@dgm/testing';
import { describe, expect, test } from 'vitest';
import { massOf, train } from '../../test/support/train';
import { factorOut, flow, realNvp } from '../index';

const LOG_2PI = Math.log(2 * Math.PI);

/** z_a is standard normal, and z_b normal around twice z_a. */
const twice = () =>
  factorOut({
    sizes: [1, 1],
    kept: standardNormal([1]),
    dropped: conditional(
      (zA) => tf.mul(2, tf.slice(zA, [0, 0], [-1, 1])),
      normalHead({ shape: [1], std: 1 }),
    ),
  });

test('the density is that of what goes on times that of what stops', () => {
  const distribution = twice().given();
  const z = tf.tensor2d([
    [1, 2],
    [-0.5, 1],
  ]);
  const logProb = tf.tidy(() => [...distribution.logProb(z).dataSync()]);
  expect(logProb).toBeCloseToArray([-LOG_2PI - 0.5, -LOG_2PI - 0.125 - 2], { relative: 1e-6 });
  expect([distribution.eventShape, distribution.reparameterized]).toEqual([[2], true]);
});

test('draws follow it, with any shape of sample', () => {
  const distribution = twice().given();
  const z = distribution.sample(Key.of(0), [2000, 3]);
  expect(z.shape).toEqual([2000, 3, 2]);
  const [zA, zB] = tf.split(tf.reshape(z, [-1, 2]), 2, -1) as [tf.Tensor, tf.Tensor];
  const residual = tf.moments(tf.sub(zB, tf.mul(2, zA)));
  // 4 standard errors of a mean and of a variance of 6000 standard normal draws.
  expect(Math.abs(residual.mean.dataSync()[0]!)).toBeLessThan(4 / Math.sqrt(6000));
  expect(Math.abs(residual.variance.dataSync()[0]! - 1)).toBeLessThan(4 * Math.sqrt(2 / 6000));
});

describe('with a context', () => {
  const make = () =>
    factorOut({
      sizes: [2, 1],
      kept: realNvp({ dims: 2, key: Key.of(0), couplings: 2, hidden: [4], contextSize: 1 }),
      dropped: conditional(mlp([3, 4, 2], { key: Key.of(1) }), normalHead({ shape: [1] })),
    });

  test('both parts depend on it', () => {
    const base = make();
    const contexts = tf.tensor2d([[-2], [0], [2]]);
    const z = tf.tile(tf.tensor2d([[0.3, -1, 0.5]]), [3, 1]);
    const logProb = tf.tidy(() => base.given(contexts).logProb(z).dataSync());
    expect(new Set(logProb).size).toBe(3);
    const draws = tf.tidy(() => base.given(contexts).sample(Key.of(2), [5]));
    expect(draws.shape).toEqual([5, 3, 3]);
    // Rows of several draws are not mixed up: each is what it is alone.
    const together = tf.tidy(() => [...base.given(contexts).logProb(draws).dataSync()]);
    const alone = tf.tidy(() =>
      tf.unstack(draws).flatMap((rows) => [...base.given(contexts).logProb(rows).dataSync()]),
    );
    expect(together).toBeCloseToArray(alone, { relative: 1e-5 });
    base.dispose();
  });
});

test('a flow over it integrates to one after training', () => {
  const key = Key.of(2);
  const model = flow({
    layers: [Permutation.reverse(2)],
    eventShape: [2],
    base: factorOut({
      sizes: [1, 1],
      kept: flow({ layers: [], eventShape: [1] }),
      dropped: conditional(mlp([1, 16, 2], { key, activation: 'tanh' }), normalHead({ shape: [1] })),
    }),
  });
  const clusters = new Mixture([0, 0], new Independent(new Normal(tf.tensor2d([[-1.5, -1.5], [1.5, 1.5]]), 0.6), 1)); // prettier-ignore
  train(model, clusters.sample(Key.of(0), [64]), 25, 3e-2);
  expect(massOf((x) => model.logProb(x), { from: -9, to: 9, dims: 2, points: 140 })).toBeCloseTo(1, 3);
  model.dispose();
});
