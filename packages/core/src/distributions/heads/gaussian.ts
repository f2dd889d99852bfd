import * as tf from '@tensorflow/tfjs-core';
import { Independent } from '../independent';
import { Normal } from '../normal';
import { requirePositive } from '../parameters';
import { sizeOf, type Shape } from '../../shape/shape';
import { makeHead, shapeRows, splitRows, type DistributionHead } from './head';

export interface GaussianOptions {
  readonly shape: Shape;
  /** A fixed standard deviation; if left out, the network puts out log-variances too. */
  readonly std?: number;
}

/**
 * A normal distribution with diagonal covariance (DGM Eq. 4.28), for posteriors and for continuous data.
 *
 * The network puts out all means, then all log-variances: `[n, 2, ...shape]`; with a fixed `std` the means alone.
 * @throws {@link ArgumentError} if `std` is not positive
 */
export function gaussian({ shape, std }: GaussianOptions): DistributionHead {
  if (std !== undefined) requirePositive(std, 'gaussian', 'std');
  return makeHead({
    name: 'gaussian',
    eventShape: shape,
    numParameters: sizeOf(shape) * (std === undefined ? 2 : 1),
    build: (rows) => {
      if (std !== undefined) return new Independent(new Normal(shapeRows(rows, shape), std), shape.length);
      const [mean, logVariance] = splitRows(rows, 2, shape);
      const logScale = tf.mul(0.5, logVariance!);
      return new Independent(new Normal(mean!, { logScale }), shape.length);
    },
  });
}
