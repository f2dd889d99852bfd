import { ArgumentError } from '@dgm/core';
import type { Distribution } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { LatentPenalty } from './latent-penalty';

export interface MaximumMeanDiscrepancyOptions {
  readonly prior: Distribution;
  /** $\lambda$; 10 unless given. */
  readonly weight?: number;
  /** The kernel is a sum over these, times 2 d; those of the authors unless given. */
  readonly scales?: readonly number[];
}

/**
 * The maximum mean discrepancy of the latents and of as many draws of the prior, the penalty of a Wasserstein auto-encoder, with
 * the inverse multiquadratic kernel $k(a, b) = \sum_s \frac{2 d s}{2 d s + \|a - b\|^2}$.
 *
 * Batches of one example have no discrepancy; the estimator wants two or more.
 * @see Wasserstein Auto-Encoders (Tolstikhin et al., 2018), Algorithm 2
 */
export function maximumMeanDiscrepancy({
  prior,
  weight = 10,
  scales = [0.1, 0.2, 0.5, 1, 2, 5, 10],
}: MaximumMeanDiscrepancyOptions): LatentPenalty {
  return {
    name: 'maximumMeanDiscrepancy',
    prior,
    loss: (z, key) => tf.mul<Scalar>(weight, discrepancy(z, prior.sample(key, [z.shape[0]!]), scales)),
  };
}

/**
 * The unbiased estimate of the squared discrepancy between what two sets of points, `[n, d]` each, were drawn from,
 *
 * $$\frac{1}{n (n - 1)} \sum_{i \ne j} \big[k(a_i, a_j) + k(b_i, b_j)\big] - \frac{2}{n^2} \sum_{i, j} k(a_i, b_j)$$
 *
 * It may come out below 0.
 * @throws ArgumentError if there are fewer than two points
 * @see A Kernel Two-Sample Test (Gretton et al., 2012), Lemma 6 (there without the terms i = j of the last sum)
 */
export function discrepancy(a: Tensor, b: Tensor, scales: readonly number[]): Scalar {
  const [n, d] = a.shape as [number, number];
  if (n < 2) {
    throw new ArgumentError({
      where: 'maximumMeanDiscrepancy',
      argument: 'the batch',
      expected: 'to hold two examples or more',
      actual: `${n}`,
      remedy: 'choose a batch size that leaves no last batch of one',
    });
  }
  const kernel = (u: Tensor, v: Tensor): Tensor => {
    const distances = squaredDistances(u, v);
    return tf.addN(scales.map((s) => tf.div(2 * d * s, tf.add(distances, 2 * d * s))));
  };
  // A point's kernel with itself is 1 for each scale.
  const others = (points: Tensor): Tensor =>
    tf.div(tf.sub(tf.sum(kernel(points, points)), n * scales.length), n * (n - 1));
  return tf.sub<Scalar>(tf.add(others(a), others(b)), tf.mul(2, tf.mean(kernel(a, b))));
}

/** $\|u_i - v_j\|^2$, `[n, m]`. */
function squaredDistances(u: Tensor, v: Tensor): Tensor {
  return tf.sum(tf.square(tf.sub(tf.expandDims(u, 1), tf.expandDims(v, 0))), -1);
}
