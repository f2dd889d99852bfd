import { asLayer, checkGiven, checkNumber, checkOptions, softplus } from '@dgm/core';
import type { CallOptions, Distribution, NetworkLike } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { LatentPenalty } from './latent-penalty';

export interface AdversarialPenaltyOptions {
  readonly prior: Distribution;
  /** Maps latents, `[n, latents]`, to one logit, `[n, 1]`: whether they are draws of the prior. */
  readonly critic: NetworkLike;
  /** $\lambda$. @defaultValue 1 */
  readonly weight?: number;
}

/**
 * The penalty of an adversarial auto-encoder: a critic D learns to tell latents from draws of the prior by
 * $-\ln D(z_p) - \ln(1 - D(z))$, and the encoder pays $-\lambda \ln D(z)$.
 * @see Adversarial Autoencoders (Makhzani et al., 2016), §2
 */
export function adversarialPenalty(options: AdversarialPenaltyOptions): LatentPenalty {
  checkOptions('adversarialPenalty', options, ['prior', 'critic', 'weight']);
  const { prior, critic, weight = 1 } = options;
  checkGiven('adversarialPenalty', 'prior', prior, 'to be a distribution of the latents');
  checkNumber('adversarialPenalty', 'weight', weight, { min: 0 });
  const network = asLayer(critic);
  return {
    name: 'adversarialPenalty',
    prior,
    critic: network,
    loss: (z, key, { training }) => {
      const call = { training, key: key.fold('critic') };
      return tf.mul<Scalar>(weight, minusLog(network.apply(z, call)));
    },
    criticLoss: (z, key, { training }) => {
      const call = (part: string): CallOptions => ({ training, key: key.fold(part) });
      const real = network.apply(prior.sample(key, [z.shape[0]!]), call('real'));
      return tf.add<Scalar>(minusLog(real), minusLog(tf.neg(network.apply(z, call('encoded')))));
    },
  };
}

/** $-\ln \sigma(l)$, the mean over the batch. */
const minusLog = (logits: Tensor): Scalar => tf.mean<Scalar>(softplus(tf.neg(logits)));
