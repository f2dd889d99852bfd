import { inverseMultiquadraticKernel, squaredMmd } from '@dgm/core';
import type { Distribution } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import type { LatentPenalty } from './latent-penalty';

export interface MmdPenaltyOptions {
  readonly prior: Distribution;
  /** $\lambda$. @defaultValue 10 */
  readonly weight?: number;
  /** The scales s of the kernel. @defaultValue those of the authors */
  readonly scales?: readonly number[];
}

/**
 * The maximum mean discrepancy of the latents and of as many draws of the prior, the penalty of a Wasserstein auto-encoder, with
 * the inverse multiquadratic kernel $k(a, b) = \sum_s \frac{2 d s}{2 d s + \|a - b\|^2}$ and the unbiased estimate.
 *
 * Batches of one example have no discrepancy; the estimator wants two or more.
 * @see Wasserstein Auto-Encoders (Tolstikhin et al., 2018), Algorithm 2
 */
export function mmdPenalty({
  prior,
  weight = 10,
  scales = [0.1, 0.2, 0.5, 1, 2, 5, 10],
}: MmdPenaltyOptions): LatentPenalty {
  return {
    name: 'maximumMeanDiscrepancy',
    prior,
    loss: (z, key) => {
      const [n, d] = z.shape as [number, number];
      const kernel = inverseMultiquadraticKernel(scales.map((s) => 2 * d * s));
      return tf.mul<Scalar>(weight, squaredMmd(z, prior.sample(key, [n]), { kernel }));
    },
  };
}
