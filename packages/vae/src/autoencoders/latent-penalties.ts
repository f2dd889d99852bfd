import {
  asLayer,
  type CallOptions,
  checkGiven,
  checkNumber,
  checkOptions,
  type Distribution,
  inverseMultiquadraticKernel,
  type Key,
  type LossOptions,
  type Module,
  type NetworkLike,
  softplus,
  squaredMmd,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

/** A penalty on the latents of an auto-encoder. */
export interface LatentPenalty {
  readonly name: string;
  /** The distribution that the latents should have; samples start from it. */
  readonly prior?: Distribution;
  /** The weighted penalty of a batch of latents, `[n, latents]`. Called inside `tf.tidy`. */
  loss(z: Tensor, key: Key, options: LossOptions): Scalar;
  /** A critic with its own weights and loss. The auto-encoder owns it. */
  readonly critic?: Module;
  readonly criticLoss?: (z: Tensor, key: Key, options: LossOptions) => Scalar;
}

/**
 * $\frac{\lambda}{2} \|z\|^2$: the penalty of a regularized deterministic auto-encoder. Regularize its decoder by
 * weight decay (`adamW`), and fit a density to the latents afterwards.
 * @param options - `weight`: $\lambda$, 1e-2 by default
 * @see From Variational to Deterministic Autoencoders (Ghosh et al., 2020), Eq. 11
 *
 * @example
 * ```ts
 * const model = autoencoder({
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 *   latents: 8,
 *   penalty: latentNorm({ weight: 0.1 }),
 * });
 * ```
 */
export function latentNorm(options: { readonly weight?: number } = {}): LatentPenalty {
  checkOptions('latentNorm', options, ['weight']);
  const { weight = 1e-2 } = options;
  checkNumber('latentNorm', 'weight', weight, { min: 0 });
  const penalty: LatentPenalty = {
    name: 'latentNorm',
    loss: (z) => tf.mul<Scalar>(weight / 2, tf.mean<Scalar>(tf.sum(tf.square(z), -1))),
  };
  return record(penalty, 'latentNorm', arguments);
}

export interface MmdPenaltyOptions {
  readonly prior: Distribution;
  /** $\lambda$. @defaultValue 10 */
  readonly weight?: number;
  /** The scales s of the kernel. @defaultValue those of the authors */
  readonly scales?: readonly number[];
}

/**
 * The maximum mean discrepancy between the latents and an equal number of prior draws, the penalty of a Wasserstein
 * auto-encoder, with the inverse multiquadratic kernel $k(a, b) = \sum_s \frac{2 d s}{2 d s + \|a - b\|^2}$ and the
 * unbiased estimate.
 *
 * The estimator needs batches of at least two examples.
 * @see Wasserstein Auto-Encoders (Tolstikhin et al., 2018), Algorithm 2
 *
 * @example
 * ```ts
 * const model = autoencoder({
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 *   latents: 8,
 *   penalty: mmdPenalty({ prior: standardNormal([8]) }),
 * });
 * ```
 */
export function mmdPenalty({
  prior,
  weight = 10,
  scales = [0.1, 0.2, 0.5, 1, 2, 5, 10],
  ...unknown
}: MmdPenaltyOptions): LatentPenalty {
  checkOptions('mmdPenalty', unknown, ['prior', 'weight', 'scales']);
  const penalty: LatentPenalty = {
    name: 'maximumMeanDiscrepancy',
    prior,
    loss: (z, key) => {
      const [n, d] = z.shape as [number, number];
      const kernel = inverseMultiquadraticKernel(scales.map((s) => 2 * d * s));
      return tf.mul<Scalar>(weight, squaredMmd(z, prior.sample(key, [n]), { kernel }));
    },
  };
  return record(penalty, 'mmdPenalty', arguments);
}

export interface AdversarialPenaltyOptions {
  readonly prior: Distribution;
  /** Maps latents, `[n, latents]`, to one logit, `[n, 1]`: whether they are draws of the prior. */
  readonly critic: NetworkLike;
  /** $\lambda$. @defaultValue 1 */
  readonly weight?: number;
}

/**
 * The penalty of an adversarial auto-encoder: a critic D learns to distinguish latents from draws of the prior with
 * the loss $-\ln D(z_p) - \ln(1 - D(z))$, and the encoder minimizes $-\lambda \ln D(z)$.
 * @see Adversarial Autoencoders (Makhzani et al., 2016), §2
 *
 * @example
 * ```ts
 * const model = autoencoder({
 *   encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 *   latents: 8,
 *   penalty: adversarialPenalty({
 *     prior: standardNormal([8]),
 *     critic: mlp([8, 64, 1], { key: key.fold('critic') }),
 *   }),
 * });
 * ```
 */
export function adversarialPenalty(options: AdversarialPenaltyOptions): LatentPenalty {
  checkOptions('adversarialPenalty', options, ['prior', 'critic', 'weight']);
  const { prior, critic, weight = 1 } = options;
  checkGiven('adversarialPenalty', 'prior', prior, 'to be a distribution of the latents');
  checkNumber('adversarialPenalty', 'weight', weight, { min: 0 });
  const network = asLayer(critic);
  const penalty: LatentPenalty = {
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
  return record(penalty, 'adversarialPenalty', arguments);
}

/** $-\ln \sigma(l)$, the mean over the batch. */
const minusLog = (logits: Tensor): Scalar => tf.mean<Scalar>(softplus(tf.neg(logits)));
