import { hasKlDivergence, Key, klDivergence } from '@dgm/core';
import '@dgm/testing';
import { meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import golden from '../../test/golden/von-mises-fisher.json';
import { angleSlope, gaussLegendre } from './draw-angle';
import { HypersphericalUniform, logArea } from './hyperspherical-uniform';
import { VonMisesFisher } from './von-mises-fisher';

const numbers = (make: () => Tensor): number[] => tf.tidy(() => Array.from(make().dataSync()));

/** A direction in general position, with a first entry of either sign. */
const directionOf = (dims: number): Tensor =>
  tf.tensor1d(Array.from({ length: dims }, (_, index) => Math.sin(3 * index + dims)));

const vonMisesFisher = (dims: number, concentration: number): VonMisesFisher =>
  new VonMisesFisher(directionOf(dims), tf.scalar(concentration));

/** Unit vectors at the given angles from the direction. */
function atAngles(dims: number, angles: readonly number[]): Tensor {
  const mu = numbers(() => vonMisesFisher(dims, 1).mode());
  const [first, second] = [mu[0]!, mu[1]!];
  const length = Math.hypot(first, second);
  const across = mu.map((_, index) => (index === 0 ? -second / length : index === 1 ? first / length : 0));
  return tf.tensor2d(
    angles.map((angle) =>
      mu.map((value, index) => Math.cos(angle) * value + Math.sin(angle) * across[index]!),
    ),
  );
}

describe.each(golden)(
  'in $dims dimensions with the concentration $concentration',
  ({ dims, concentration, ...row }) => {
    test('agrees with the Bessel functions of SciPy', () => {
      const close = { relative: 2e-5, absolute: 2e-5 };
      expect(
        numbers(() => vonMisesFisher(dims, concentration).logProb(atAngles(dims, row.angles))),
      ).toBeCloseToArray(row.logProb, close);
      expect(numbers(() => vonMisesFisher(dims, concentration).entropy())).toBeCloseToArray(
        [row.entropy],
        close,
      );
      expect(numbers(() => tf.norm(vonMisesFisher(dims, concentration).mean()))).toBeCloseToArray(
        [row.resultant],
        { relative: 1e-6, absolute: 1e-9 },
      );
      expect(
        numbers(() => klDivergence(vonMisesFisher(dims, concentration), new HypersphericalUniform(dims))),
      ).toBeCloseToArray([row.klDivergence], { relative: 1e-5, absolute: 2e-6 });
    });

    test('moves a draw with the concentration as its quantile moves', () => {
      expect(
        numbers(() =>
          angleSlope(tf.tensor1d(row.angles), {
            concentration: tf.fill([row.angles.length], concentration),
            dims,
          }),
        ),
      ).toBeCloseToArray(row.slopes, { relative: 1e-4, absolute: 1e-9 });
    });
  },
);

describe.each([
  [2, 0],
  [2, 1e4],
  [3, 20],
  [10, 3],
  [100, 1000],
])('draws in %d dimensions with the concentration %d', (dims, concentration) => {
  const draws = 4000;

  test('have the length 1, and the mean and the variances of the density', () => {
    tf.tidy(() => {
      const distribution = vonMisesFisher(dims, concentration);
      const x = distribution.sample(Key.of(dims), [draws]);
      for (const length of numbers(() => tf.norm(x, 'euclidean', -1))) expect(length).toBeCloseTo(1, 5);
      const [mean, variance] = [distribution.mean().dataSync(), distribution.variance().dataSync()];
      const columns = tf.transpose(x).arraySync() as number[][];
      columns.forEach((column, index) => {
        const drawn = meanAndError(column);
        expect(Math.abs(drawn.mean - mean[index]!)).toBeLessThan(STANDARD_ERRORS * drawn.standardError);
        const squares = meanAndError(column.map((value) => (value - mean[index]!) ** 2));
        expect(Math.abs(squares.mean - variance[index]!)).toBeLessThan(
          STANDARD_ERRORS * squares.standardError,
        );
      });
    });
  });

  test('have the gradient of an expectation by the concentration', () => {
    // E[mu^T x] = A, whose derivative is A'; the uniform distribution has none of its own, so that it is 1 / d.
    const step = Math.max(1e-3, 0.02 * concentration);
    const resultant = (kappa: number): number =>
      numbers(() => tf.norm(vonMisesFisher(dims, kappa).mean()))[0]!;
    const expected =
      concentration === 0
        ? 1 / dims
        : (resultant(concentration + step) - resultant(concentration - step)) / (2 * step);
    const slopes = numbers(() => {
      const mu = vonMisesFisher(dims, 1).mode();
      const kappa = tf.fill([draws], concentration);
      return tf.grad((value) => {
        const x = new VonMisesFisher(directionOf(dims), value).sample(Key.of(7));
        return tf.sum(tf.mul(x, mu));
      })(kappa);
    });
    const { mean, standardError } = meanAndError(slopes);
    expect(Math.abs(mean - expected)).toBeLessThan(
      STANDARD_ERRORS * standardError + 0.02 * Math.abs(expected),
    );
  });
});

test('a direction along the axis, and against it, is as good as any', () => {
  for (const sign of [1, -1]) {
    const mean = numbers(() => {
      const direction = tf.tensor1d([sign, 0, 0]);
      return tf.mean(new VonMisesFisher(direction, tf.scalar(1e4)).sample(Key.of(0), [64]), 0);
    });
    expect(mean).toBeCloseToArray([sign, 0, 0], { absolute: 0.01 });
  }
});

test('knows no KL but to the uniform distribution of its own sphere', () => {
  tf.tidy(() => {
    expect(hasKlDivergence(vonMisesFisher(3, 1), new HypersphericalUniform(3))).toBe(true);
    expect(hasKlDivergence(vonMisesFisher(3, 1), new HypersphericalUniform(4))).toBe(false);
  });
});

test('a sphere in one dimension is refused', () => {
  expect(() => new HypersphericalUniform(1)).toThrow('expected dims to be an integer of at least 2');
  tf.tidy(() => {
    expect(() => vonMisesFisher(1, 1)).toThrow('to be an integer of at least 2');
  });
});

test.each([
  [2, 2 * Math.PI],
  [3, 4 * Math.PI],
  [4, 2 * Math.PI ** 2],
  [5, (8 * Math.PI ** 2) / 3],
])('the area of the sphere in %d dimensions', (dims, area) => {
  expect(Math.exp(logArea(dims))).toBeCloseTo(area, 10);
});

test('the rule of Gauss and Legendre integrates polynomials', () => {
  const { points, weights } = gaussLegendre(5);
  for (let degree = 0; degree < 10; degree++) {
    const integral = points.reduce((sum, x, index) => sum + weights[index]! * x ** degree, 0);
    expect(integral).toBeCloseTo(1 / (degree + 1), 12);
  }
});
