import { sizeOf } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** `[n, ...event]` to `[n, D]`, also for no rows. */
export function rowsOf(x: Tensor): Tensor {
  return tf.reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]);
}

/** `[n, ...event]` to `[n]`. */
export function sumOverEvent(x: Tensor): Tensor {
  return tf.sum(rowsOf(x), 1);
}

/** `[n]` to `[n, 1, ..., 1]`, to broadcast against examples of the given rank. */
export function perExample(t: Tensor, rank: number): Tensor {
  return tf.reshape(t, [t.shape[0]!, ...Array.from({ length: rank - 1 }, () => 1)]);
}

/** $(1 - t) x + t \epsilon$, the point of a line from each example to its noise; t is `[n]`. */
export function mixed(x: Tensor, noise: Tensor, t: Tensor): Tensor {
  const wide = perExample(t, x.rank);
  return tf.add(tf.mul(tf.sub(1, wide), x), tf.mul(wide, noise));
}

/** The mean over examples, 0 where there are none. */
export function meanOver(x: Tensor): Scalar {
  return x.size === 0 ? tf.sum<Scalar>(x) : tf.mean<Scalar>(x);
}
