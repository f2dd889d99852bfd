import { checkInteger, checkOneOf, checkOptions, logSumExp, softmax, stopGradient } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { logImportanceWeights, logJoint } from '../elbo';
import { record } from '../record';
import { averageOf } from './objective';
import type { AmortizedModel, VaeObjective } from './objective';

export interface IwaeObjectiveOptions {
  /** K, the draws of z for each example. */
  readonly numSamples: number;
  /**
   * `total`, or `doubly-reparameterized`, whose encoder gradient keeps its signal-to-noise ratio as K grows, at the
   * cost of a second pass through encoder and decoder.
   * @defaultValue 'total'
   */
  readonly gradient?: 'total' | 'doubly-reparameterized';
}

/**
 * Minus the importance-weighted bound, $-\mathbb{E}\left[\ln \frac1K \sum_k w_k\right]$ with
 * $w_k = p(x, z_k) / q_\phi(z_k|x)$, which approaches $-\ln p(x)$ as K grows. For K = 1 it is minus the ELBO.
 * @throws ArgumentError if `numSamples` is not a positive integer
 * @see Importance Weighted Autoencoders (Burda et al., 2016), Eq. 8; Doubly Reparameterized Gradient Estimators (Tucker et
 * al., 2019), Eq. 6
 *
 * @example
 * ```ts
 * const model = vae({
 *   encoder: mlp([64, 64, 2 * 8], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   posterior: normalHead({ shape: [8] }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 *   objective: iwaeObjective({ numSamples: 5, gradient: 'doubly-reparameterized' }),
 * });
 * ```
 */
export function iwaeObjective(options: IwaeObjectiveOptions): VaeObjective {
  checkOptions('iwaeObjective', options, ['numSamples', 'gradient']);
  const { numSamples, gradient = 'total' } = options;
  checkInteger('iwaeObjective', 'numSamples', numSamples);
  checkOneOf('iwaeObjective', 'gradient', gradient, ['total', 'doubly-reparameterized']);
  const objective: VaeObjective = {
    name: 'iwae',
    loss(model, x, key, call) {
      const logMean =
        call.training && gradient === 'doubly-reparameterized'
          ? doublyReparameterized(model, x, key, numSamples)
          : logMeanExp(logImportanceWeights(model, x, key, numSamples));
      return { total: tf.neg<Scalar>(averageOf(logMean, call)) };
    },
  };
  return record(objective, 'iwaeObjective', arguments);
}

/**
 * The bound, with the gradient $\sum_k \tilde w_k \nabla_\theta \ln w_k$ for decoder and prior, and
 * $\sum_k \tilde w_k^2 \frac{\partial \ln w_k}{\partial z_k} \nabla_\phi z_k$ for the encoder, where $\tilde w$ are the normalized weights.
 */
function doublyReparameterized(model: AmortizedModel, x: Tensor, key: Key, numSamples: number): Tensor {
  const z = model.encode(x).sample(key, [numSamples]); // [K, n, ...latent]
  const q = model.encodeDetached(x);
  const logWeightsOf = (values: Tensor): Tensor => tf.sub(logJoint(model, x, values), q.logProb(values));
  const logWeights = stopGradient(logWeightsOf(stopGradient(z))); // [K, n]
  const weights = softmax(logWeights, { axis: 0 });
  const surrogate = tf.sum(tf.mul(weights, logWeightsOf(scaleGradient(z, weights))), 0);
  // The value of the bound, the gradient of the surrogate.
  return tf.add(logMeanExp(logWeights), tf.sub(surrogate, stopGradient(surrogate)));
}

/** z itself, whose gradient is multiplied by the factor of its row. */
function scaleGradient(z: Tensor, factor: Tensor): Tensor {
  const constant = stopGradient(z);
  const wide = tf.reshape(factor, [...factor.shape, ...z.shape.slice(factor.rank).map(() => 1)]);
  return tf.add(constant, tf.mul(wide, tf.sub(z, constant)));
}

function logMeanExp(logWeights: Tensor): Tensor {
  return tf.sub(logSumExp(logWeights, { axis: 0 }), Math.log(logWeights.shape[0]!));
}
