import { checkOptions, distributionHead, exp, MultivariateNormal } from '@dgm/core';
import type { DistributionHead } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { record } from '../record';
import { vectorSize } from './vector-size';

/**
 * A normal posterior with a full covariance, $\mathcal{N}(z | \mu, L L^T)$ with a lower-triangular L. Its KL to a
 * normal prior has a closed form.
 *
 * For z with M dimensions the network outputs M means, M logarithms of the diagonal of L, and the M (M - 1) / 2
 * entries below it, row by row.
 * @param options - `shape`: `[M]`
 * @throws ArgumentError if z is no vector
 * @see An Introduction to Variational Autoencoders (Kingma and Welling, 2019), §2.5.1
 *
 * @example
 * ```ts
 * const posterior = fullCovariance({ shape: [8] });
 * const model = vae({
 *   encoder: mlp([64, 64, posterior.numParameters], { key: key.fold('encoder') }), // 8 + 8 + 28
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   posterior,
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function fullCovariance({
  shape,
  ...unknown
}: {
  readonly shape: readonly [number];
}): DistributionHead {
  checkOptions('fullCovariance', unknown, ['shape']);
  const size = vectorSize('fullCovariance', shape);
  const numParameters = 2 * size + (size * (size - 1)) / 2;
  const places = entryOfEach(size);
  const head = distributionHead({
    name: 'fullCovariance',
    numParameters,
    eventShape: shape,
    build: (parameters) => {
      const mean = tf.slice(parameters, [0, 0], [-1, size]);
      const diagonal = exp(tf.slice(parameters, [0, size], [-1, size]));
      const entries = tf.concat([diagonal, tf.slice(parameters, [0, 2 * size], [-1, -1])], 1);
      const factor = tf.gather(entries, tf.tensor1d(places, 'int32'), 1);
      return MultivariateNormal.lowerTriangular(mean, tf.reshape(factor, [-1, size, size]));
    },
  });
  return record(head, 'fullCovariance', arguments);
}

/** The index into [diagonal, below] of each entry of the matrix; entries above the diagonal are ignored. */
function entryOfEach(size: number): number[] {
  return Array.from({ length: size * size }, (_, place) => {
    const [row, column] = [Math.floor(place / size), place % size];
    return row > column ? size + (row * (row - 1)) / 2 + column : row;
  });
}
