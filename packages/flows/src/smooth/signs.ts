import type { Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Independent entries of 1 and -1: of all with mean 0 and variance 1, those that estimate a trace with the least variance. */
export function signs(key: Key, shape: Shape): Tensor {
  return tf.sub(tf.mul(2, key.bernoulli(shape, 0.5)), 1);
}
