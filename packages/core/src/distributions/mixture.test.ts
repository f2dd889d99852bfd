import {
  DiscretizedLogistic,
  Independent,
  Key,
  Laplace,
  Mixture,
  MultivariateNormal,
  Normal,
  pickParameter,
  pickScale,
  Uniform,
  type Distribution,
} from '@dgm/core';
import { automaticGradients, numericalGradients } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';

const key = Key.of(0);

/** Distributions with the batch [2, 3] and an event of one or two entries. */
const pickable: Readonly<Record<string, () => Distribution>> = {
  Normal: () => new Normal(key.normal([2, 3]), { logScale: key.fold(1).normal([3]) }),
  'Normal (one scale)': () => new Normal(key.normal([2, 3]), 0.5),
  'Independent (of normals)': () => new Independent(new Normal(key.normal([2, 3, 2]), 0.5), 1),
  'MultivariateNormal (diagonal)': () =>
    MultivariateNormal.diagonal(key.normal([2, 3, 2]), tf.tensor1d([1, 2])),
  'MultivariateNormal (lower-triangular)': () =>
    MultivariateNormal.lowerTriangular(0, tf.add(tf.eye(2, 2, [2, 3]), key.uniform([2, 3, 2, 2]))),
  DiscretizedLogistic: () => new DiscretizedLogistic(key.normal([2, 3]), 0.5, { minimum: -3, maximum: 3 }),
};

describe('pick', () => {
  test.each(Object.entries(pickable))(
    'gives the distributions at flat indices of the batch: %s',
    (_, make) => {
      tf.tidy(() => {
        const whole = make();
        const indices = [4, 0, 5, 4];
        const picked = whole.pick!(tf.tensor2d(indices, [2, 2], 'int32'))!;
        expect([picked.batchShape, picked.eventShape]).toEqual([[2, 2], whole.eventShape]);
        const x = tf.ones([...whole.eventShape]);
        const all = tf.reshape(whole.logProb(x), [6]).dataSync();
        expect(picked.logProb(x).dataSync()).toBeCloseToArray(indices.map((index) => all[index]!));
      });
    },
  );

  test('leaves numbers as they are, and keeps the logarithm of a scale one', () => {
    tf.tidy(() => {
      const [indices, batch] = [tf.tensor1d([1], 'int32'), { batchShape: [2] }];
      expect(pickParameter(3, indices, batch)).toBe(3);
      const { logScale } = pickScale({ logScale: tf.tensor1d([1, 2]) }, indices, batch) as {
        logScale: tf.Tensor;
      };
      expect(logScale.dataSync()).toBeCloseToArray([2]);
    });
  });

  test('is undefined where the base cannot be picked from', () => {
    tf.tidy(() => {
      const laplace = new Independent(new Laplace(tf.zeros([3, 2]), 1), 1);
      expect(laplace.pick(tf.tensor1d([0], 'int32'))).toBeUndefined();
    });
  });
});

describe('Mixture', () => {
  test('draws from the chosen components alone: memory does not grow with the components', async () => {
    const [components, dims, n] = [500, 40, 2000];
    const means = key.normal([components, dims]);
    const mixture = new Mixture(
      new Array<number>(components).fill(0),
      new Independent(new Normal(means, 1), 1),
    );
    const { peakBytes } = await tf.profile(() => mixture.sample(Key.of(1), [n]));
    expect(peakBytes).toBeLessThan(4 * n * (4 * components + 8 * dims));
    means.dispose();
  });

  test('draws each row of a batch from its own components', () => {
    tf.tidy(() => {
      const means = tf.tensor2d([[0, 10, 20], [100, 110, 120]]); // prettier-ignore
      const mixture = new Mixture(tf.log(tf.tensor1d([0.5, 0.25, 0.25])), new Normal(means, 0.1));
      const draws = mixture.sample(Key.of(2), [400]).arraySync() as number[][];
      for (const [row, offset] of [0, 100].entries()) {
        const nearest = draws.map((draw) => Math.round((draw[row]! - offset) / 10));
        const share = nearest.filter((component) => component === 0).length / 400;
        expect(new Set(nearest)).toEqual(new Set([0, 1, 2]));
        expect(Math.abs(share - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 400));
      }
    });
  });

  test('draws from all components where they cannot be picked', () => {
    tf.tidy(() => {
      const mixture = new Mixture([0, 0], new Laplace(tf.tensor1d([-50, 50]), 1));
      const signs = Array.from(tf.sign(mixture.sample(Key.of(3), [200])).dataSync());
      expect(Math.abs(signs.reduce((sum, sign) => sum + sign, 0))).toBeLessThan(4 * Math.sqrt(200));
    });
  });
});

describe('the quantile of a mixture', () => {
  test('of real numbers has the gradient that differences show', () => {
    const quantiles = (mean: tf.Tensor, logits: tf.Tensor, p: tf.Tensor) =>
      new Mixture(logits, new Normal(mean, tf.tensor1d([0.5, 1.5]))).quantile(p);
    const at = [[-1, 2], [0.4, -0.6], [0.05, 0.5, 0.9]]; // prettier-ignore
    const expected = numericalGradients(quantiles, at);
    automaticGradients(quantiles, at).forEach((gradient, index) =>
      expect(gradient).toBeCloseToArray(expected[index]!, { relative: 2e-3, absolute: 2e-3 }),
    );
  });

  test('of integers is one of the values, 0 too', () => {
    tf.tidy(() => {
      const mixture = new Mixture([0, 0], new DiscretizedLogistic(tf.tensor1d([-5, 5]), 2));
      const x = mixture.quantile(tf.linspace(0.02, 0.98, 40)).dataSync();
      expect([...x].every(Number.isInteger)).toBe(true);
      expect(x).toContain(0);
    });
  });

  test('reaches the ends of the support', () => {
    tf.tidy(() => {
      const uniform = new Mixture([0, 0], new Uniform(tf.tensor1d([0, 3]), tf.tensor1d([1, 4])));
      expect(uniform.quantile(tf.tensor1d([0, 0.25, 0.75, 1])).dataSync()).toBeCloseToArray([0, 0.5, 3.5, 4]);
      const normal = new Mixture([0, 0], new Normal(tf.tensor1d([0, 3]), 1));
      expect([...normal.quantile(tf.tensor1d([0, 1])).dataSync()]).toEqual([-Infinity, Infinity]);
    });
  });
});
