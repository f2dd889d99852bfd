import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Its multiples spread evenly over the circle, however many there are. */
const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;

/**
 * Times in [0, 1), one for each example, `[n]`: each is uniform, and those of any neighbouring examples are spread evenly,
 * $t_i = (u + i \phi) \bmod 1$ with one uniform u and the golden ratio $\phi$. So the times of a batch have little variance,
 * also where its examples are sorted by class.
 * @see Variational Diffusion Models (Kingma et al., 2021), Appendix I.1, which spreads those of a whole batch
 */
export function stratifiedTimes(key: Key, n: number): Tensor {
  return tf.tidy(() => {
    const offsets = tf.tensor1d(Array.from({ length: n }, (_, i) => (i * GOLDEN_RATIO) % 1));
    return tf.mod(tf.add(key.uniform([1]), offsets), 1);
  });
}
