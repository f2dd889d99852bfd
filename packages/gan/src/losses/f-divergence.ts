import { checkOneOf, checkOptions, exp, logSigmoid, softplus, tanh } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import type { AdversarialLoss } from './adversarial-loss';

type Elementwise = (v: Tensor) => Tensor;

/**
 * A member of the family of f-divergences $D_f(p \| q) = \mathbb{E}_q[f(p/q)]$ by its dual: for every score v,
 * $D_f(p \| q) \ge \mathbb{E}_p[g(v)] - \mathbb{E}_q[f^*(g(v))]$, with equality at one v. The link g maps any real number to the domain of
 * the conjugate $f^*$.
 */
export interface FDivergenceDual {
  /** g(v), elementwise. */
  readonly link: Elementwise;
  /** $f^*(g(v))$, elementwise. */
  readonly conjugate: Elementwise;
  /**
   * $\ln p(x)/q(x) = \ln (f^*)'(g(v))$ at the best v; absent for total variation, whose best v says only which density is larger.
   */
  readonly logRatio?: Elementwise;
}

const LN_2 = Math.LN2;

const duals = {
  /** $f(u) = u \ln u$ */
  kl: {
    link: (v: Tensor) => tf.clone(v),
    conjugate: (v: Tensor) => exp(tf.sub(v, 1)),
    logRatio: (v: Tensor) => tf.sub(v, 1),
  },
  /** $f(u) = -\ln u$ */
  'reverse-kl': {
    link: (v: Tensor) => tf.neg(exp(tf.neg(v))),
    conjugate: (v: Tensor) => tf.sub(v, 1),
    logRatio: (v: Tensor) => tf.clone(v),
  },
  /** $f(u) = (u - 1)^2$ */
  'pearson-chi-squared': {
    link: (v: Tensor) => tf.clone(v),
    conjugate: (v: Tensor) => tf.add(tf.mul(0.25, tf.square(v)), v),
    // The ratio is not negative, so neither is 1 + v/2 at the best v.
    logRatio: (v: Tensor) => tf.log(tf.maximum(tf.add(1, tf.mul(0.5, v)), 1e-12)),
  },
  /** $f(u) = (1 - u)^2 / u$ */
  'neyman-chi-squared': {
    link: (v: Tensor) => tf.sub(1, exp(tf.neg(v))),
    conjugate: (v: Tensor) => tf.sub(2, tf.mul(2, exp(tf.mul(-0.5, v)))),
    logRatio: (v: Tensor) => tf.mul(0.5, v),
  },
  /** $f(u) = (\sqrt u - 1)^2$ */
  'squared-hellinger': {
    link: (v: Tensor) => tf.sub(1, exp(tf.neg(v))),
    conjugate: (v: Tensor) => tf.sub(exp(v), 1),
    logRatio: (v: Tensor) => tf.mul(2, v),
  },
  /** Twice the Jensen-Shannon divergence: $f(u) = -(u + 1) \ln \frac{1 + u}{2} + u \ln u$ */
  'jensen-shannon': {
    link: (v: Tensor) => tf.add(LN_2, logSigmoid(v)),
    conjugate: (v: Tensor) => tf.sub(softplus(v), LN_2),
    logRatio: (v: Tensor) => tf.clone(v),
  },
  /** $f(u) = u \ln u - (u + 1) \ln(u + 1)$: the one above, less $2 \ln 2$; its score is a classifier's logit. */
  gan: {
    link: (v: Tensor) => logSigmoid(v),
    conjugate: (v: Tensor) => softplus(v),
    logRatio: (v: Tensor) => tf.clone(v),
  },
  /** $f(u) = \frac12 |u - 1|$ */
  'total-variation': {
    link: (v: Tensor) => tf.mul(0.5, tanh(v)),
    conjugate: (v: Tensor) => tf.mul(0.5, tanh(v)),
  },
} satisfies Record<string, FDivergenceDual>;

/** The divergences that have a name. */
export type FDivergenceName = keyof typeof duals;

/** A loss whose critic bounds a divergence of the data p from the generator's distribution q. */
export interface FDivergence extends AdversarialLoss, FDivergenceDual {
  /**
   * The variational bound $\mathbb{E}_p[g(v)] - \mathbb{E}_q[f^*(g(v))] \le D_f(p \| q)$, estimated by means.
   * @param real - scores of draws of p, any shape
   * @param fake - scores of draws of q, any shape
   */
  bound(real: Tensor, fake: Tensor): Scalar;
}

/**
 * An f-divergence as an adversarial loss: the critic maximizes the bound, and the generator minimizes it.
 *
 * @param options - `generator: 'non-saturating'` has the generator maximize $\mathbb{E}_q[g(v)]$ in place of minimizing
 * $-\mathbb{E}_q[f^*(g(v))]$, whose gradient is larger while the critic wins
 * @throws ArgumentError for another name, with the closest one
 * @see f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization (Nowozin et al., 2016), Eq. 4 and 6,
 * Tables 2 and 6
 *
 * @example
 * ```ts
 * const model = gan({
 *   latent: 2,
 *   generator: mlp([2, 64, 2], { key: key.fold('generator') }),
 *   critic: mlp([2, 64, 1], { key: key.fold('critic') }),
 *   loss: fDivergence('kl'),
 * });
 * ```
 */
export function fDivergence(
  name: FDivergenceName,
  options: { readonly generator?: 'minimax' | 'non-saturating' } = {},
): FDivergence {
  checkOneOf('fDivergence', 'name', name, Object.keys(duals) as FDivergenceName[]);
  checkOptions('fDivergence', options, ['generator']);
  const { generator = 'minimax' } = options;
  checkOneOf('fDivergence', 'generator', generator, ['minimax', 'non-saturating']);
  const dual: FDivergenceDual = duals[name];
  const { link, conjugate } = dual;
  const bound = (real: Tensor, fake: Tensor): Scalar =>
    tf.tidy(() => tf.sub<Scalar>(tf.mean(link(real)), tf.mean(conjugate(fake))));
  const divergence: FDivergence = {
    ...dual,
    name,
    bound,
    critic: (real, fake) => tf.tidy(() => tf.neg(bound(real, fake))),
    generator: (fake) =>
      tf.tidy(() => tf.neg(tf.mean<Scalar>(generator === 'minimax' ? conjugate(fake) : link(fake)))),
  };
  return record(divergence, 'fDivergence', arguments);
}
