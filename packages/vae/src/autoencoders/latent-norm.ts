import { checkNumber, checkOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import type { LatentPenalty } from './latent-penalty';

/**
 * $\frac{\lambda}{2} \|z\|^2$: the penalty of a regularized deterministic auto-encoder. Regularize its decoder by weight decay
 * (`adamW`), and give the latents a density afterwards.
 * @param options - `weight`: $\lambda$, 1e-2 by default
 * @see From Variational to Deterministic Autoencoders (Ghosh et al., 2020), Eq. 11
 */
export function latentNorm(options: { readonly weight?: number } = {}): LatentPenalty {
  checkOptions('latentNorm', options, ['weight']);
  const { weight = 1e-2 } = options;
  checkNumber('latentNorm', 'weight', weight, { min: 0 });
  return {
    name: 'latentNorm',
    loss: (z) => tf.mul<Scalar>(weight / 2, tf.mean<Scalar>(tf.sum(tf.square(z), -1))),
  };
}
