import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { oneHot } from '../../ops/one-hot';
import { countExamples, requireAtLeast } from './examples';

/**
 * The maximum-likelihood estimate of a categorical distribution: $\theta_k = N_k / N$ (DGM App. B.2).
 * @param x - `[n, ...]` of integers from 0 to `levels - 1`
 * @returns probabilities, `[..., levels]`
 * @throws {@link ShapeError} if there is no example
 */
export function categoricalMle(x: Tensor, { levels }: { readonly levels: number }): Tensor {
  countExamples(x, 'categoricalMle');
  return tf.tidy(() => tf.mean(oneHot(x, { depth: levels }), 0));
}

/**
 * The maximum-a-posteriori estimate under a symmetric Dirichlet prior:
 * $\theta_k = \tfrac{N_k + c - 1}{N + K (c - 1)}$ (DGM App. B.2).
 * @param x - `[n, ...]` of integers from 0 to `levels - 1`
 * @param options - `concentration`: c, at least 1; `c - 1` examples of each value are counted in advance
 * @returns probabilities, `[..., levels]`
 * @throws {@link ShapeError} if there is no example
 * @throws {@link ArgumentError} if the concentration is below 1
 */
export function categoricalMap(
  x: Tensor,
  { levels, concentration }: { readonly levels: number; readonly concentration: number },
): Tensor {
  const count = countExamples(x, 'categoricalMap');
  requireAtLeast(concentration, 1, 'categoricalMap', 'concentration');
  return tf.tidy(() => {
    const counts = tf.sum(oneHot(x, { depth: levels }), 0);
    return tf.div(tf.add(counts, concentration - 1), count + levels * (concentration - 1));
  });
}
