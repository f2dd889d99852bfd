import { checkSameSpace, hasKlDivergence, klDivergence, sampleAndLogProb } from '@dgm/core';
import type { Distribution, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** How the regularizer of the ELBO is computed. */
export type Regularizer = (typeof REGULARIZERS)[number];
export const REGULARIZERS = ['closed-form', 'monte-carlo'] as const;

/** The three distributions of an ELBO. */
export interface LatentVariableModel {
  /** $q_\phi(z|x)$, the stochastic encoder. */
  encode(x: Tensor): Distribution;
  /** $p_\theta(x|z)$, the stochastic decoder. */
  decode(z: Tensor): Distribution;
  /** $p(z)$, the marginal over the latent variables. */
  prior(): Distribution;
}

/** The distributions and the draw from which the terms of a bound were computed. */
export interface Latent {
  readonly posterior: Distribution;
  readonly prior: Distribution;
  /** The draw of the posterior, `[n, ...latent]`. */
  readonly z: Tensor;
}

/**
 * The two parts of the evidence lower bound, with one reparameterized sample of z:
 *
 * $$\ln p(x) \ge \mathbb{E}_{z \sim q_\phi(z|x)}[\ln p(x|z)] - \mathbb{E}_{z \sim q_\phi(z|x)}[\ln q_\phi(z|x) - \ln p(z)]$$
 *
 * @param x - `[n, ...event]`
 * @param regularizer - by default in closed form if the two distributions have one
 * @returns `reconstruction` and `regularizer` in nats, `[n]` each, whose difference is the bound, with the
 * distributions and the draw
 * @see DGM §4.3.1, Eq. 4.17 (Eq. 4.31 prints the sign of ln p(z) and of the whole sum wrong)
 */
export function elboTerms(
  model: LatentVariableModel,
  x: Tensor,
  key: Key,
  regularizer?: Regularizer,
): { reconstruction: Tensor; regularizer: Tensor } & Latent {
  const q = model.encode(x);
  const p = model.prior();
  checkSameSpace('elbo', 'prior', p, q);
  const inClosedForm = regularizer === undefined ? hasKlDivergence(q, p) : regularizer === 'closed-form';
  const { z, regularizer: divergence } = inClosedForm
    ? { z: q.sample(key), regularizer: klDivergence(q, p) } // KL[q(z|x) || p(z)]
    : sampledRegularizer(q, p, key);
  return {
    reconstruction: model.decode(z).logProb(x), // ln p(x|z)
    regularizer: divergence,
    posterior: q,
    prior: p,
    z,
  };
}

/** $\ln q(z|x) - \ln p(z)$ of one draw z, `[n, ...latent]`. */
function sampledRegularizer(
  q: Distribution,
  p: Distribution,
  key: Key,
): { readonly z: Tensor; readonly regularizer: Tensor } {
  const { x: z, logProb } = sampleAndLogProb(q, key);
  return { z, regularizer: tf.sub(logProb, p.logProb(z)) };
}

/**
 * Logarithms of the importance weights of K posterior samples,
 *
 * $$\ln w_k = \ln p(x|z_k) + \ln p(z_k) - \ln q_\phi(z_k|x), \quad z_k \sim q_\phi(z|x)$$
 *
 * whose log-mean-exp is a lower bound of $\ln p(x)$ in expectation that tightens as K grows.
 *
 * @param x - `[n, ...event]`
 * @returns nats, `[K, n]`
 * @see DGM §4.3.4, Eq. 4.32, which leaves out p(z_k)
 */
export function logImportanceWeights(
  model: LatentVariableModel,
  x: Tensor,
  key: Key,
  numSamples: number,
): Tensor {
  const q = model.encode(x);
  checkSameSpace('logWeights', 'prior', model.prior(), q);
  const { x: z, logProb } = sampleAndLogProb(q, key, [numSamples]);
  return tf.sub(logJoint(model, x, z), logProb);
}

/**
 * $\ln p(x|z_k) + \ln p(z_k)$ of given values.
 * @param z - `[K, n, ...latent]`
 * @returns nats, `[K, n]`
 */
export function logJoint(model: LatentVariableModel, x: Tensor, z: Tensor): Tensor {
  const [numSamples, n] = [z.shape[0]!, x.shape[0]!];
  // Networks see one batch axis, so the K copies are laid out along it.
  const flatZ = tf.reshape(z, [numSamples * n, ...z.shape.slice(2)]);
  const tiledX = tf.tile(x, [numSamples, ...x.shape.slice(1).map(() => 1)]);
  const logLikelihood = tf.reshape(model.decode(flatZ).logProb(tiledX), [numSamples, n]); // ln p(x|z_k)
  return tf.add(logLikelihood, model.prior().logProb(z));
}
