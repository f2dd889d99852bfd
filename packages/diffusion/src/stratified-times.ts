import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Times in [0, 1), one for each example, `[n]`: each is uniform, and together they are spread evenly,
 * $t_i = (u + i / n) \bmod 1$ with one uniform u.
 * @see Variational Diffusion Models (Kingma et al., 2021), Appendix I.1
 */
export function stratifiedTimes(key: Key, n: number): Tensor {
  return tf.tidy(() => {
    const spread = tf.div(tf.range(0, n), Math.max(1, n));
    return tf.mod(tf.add(key.uniform([1]), spread), 1);
  });
}
