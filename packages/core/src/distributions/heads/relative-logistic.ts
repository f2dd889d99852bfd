import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Location and log-scale of logistic distributions, in the units of the values or relative to them. */
export interface LocatedLogistic {
  readonly mean: Tensor;
  readonly logScale: Tensor;
}

/**
 * From relative numbers to the units of the values 0 to `values` - 1: mean 0 is the middle value and ±1 are the outermost,
 * log-scale 0 has the standard deviation of the uniform distribution over one of `parts` equal parts of the values.
 */
export function relativeToValues(
  values: number,
  { mean, logScale, parts }: LocatedLogistic & { readonly parts: number },
): LocatedLogistic {
  const half = (values - 1) / 2;
  // A logistic distribution of scale s has the standard deviation s pi / sqrt 3, a uniform one its width / sqrt 12.
  const broad = Math.log(values / parts / (2 * Math.PI));
  return { mean: tf.add(half, tf.mul(half, mean)), logScale: tf.add(broad, logScale) };
}

/** Relative means that are spread over the values, `[components]`. */
export function componentCentres(components: number): Tensor {
  return tf.tensor1d(Array.from({ length: components }, (_, index) => (2 * index + 1) / components - 1));
}
