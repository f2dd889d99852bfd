import { checkNumber, checkOneOf, checkOptions, euclideanNorm } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

/** The points at which a penalty takes the critic's gradient. */
export type PenaltyPoints = (typeof POINTS)[number];
const POINTS = ['real', 'fake', 'between'] as const;

export interface GradientPenaltyOptions {
  /** Real examples, fakes, or uniformly random points on the lines from a real example to a fake. */
  readonly at: PenaltyPoints;
  /** The norm that gradients should have: 0, or 1 for a critic of slope 1. @defaultValue 0 */
  readonly center?: number;
  /** $\lambda$ */
  readonly weight: number;
}

/** The options of {@link r1} and {@link r2}. */
export interface ZeroCenteredOptions {
  /** $\gamma$ */
  readonly gamma: number;
}

/** The critic as a function of examples, `[n, ...event]`, with one score for each. Rows do not depend on each other. */
export type Scores = (x: Tensor) => Tensor;

/** A part of a critic's loss that keeps its gradient with respect to its input small. */
export interface GradientPenalty {
  readonly at: PenaltyPoints;
  /**
   * The penalty, a mean over the batch, weighted.
   * @param batch - real and generated examples, `[n, ...event]` each
   */
  loss(scores: Scores, batch: { readonly real: Tensor; readonly fake: Tensor }, key: Key): Scalar;
}

/**
 * The gradient penalty $\lambda\, \mathbb{E}_{\hat x}[(\|\nabla_{\hat x} s(\hat x)\|_2 - c)^2]$. {@link r1}, {@link r2} and
 * {@link wganPenalty} are its usual members.
 *
 * Its own gradient with respect to the critic's weights is a second derivative: the critic must be made of core's layers and
 * functions, whose derivatives are right at every order.
 * @throws ArgumentError for an unknown option or one out of its range
 *
 * @example
 * ```ts
 * const model = gan({
 *   latent: 2,
 *   generator: mlp([2, 64, 2], { key: key.fold('generator') }),
 *   critic: mlp([2, 64, 1], { key: key.fold('critic') }),
 *   loss: 'wasserstein',
 *   penalties: [gradientPenalty({ at: 'real', center: 1, weight: 10 })],
 * });
 * ```
 */
export function gradientPenalty(options: GradientPenaltyOptions): GradientPenalty {
  const where = 'gradientPenalty';
  checkOptions(where, options, ['at', 'center', 'weight']);
  const { at, center = 0, weight } = options;
  checkOneOf(where, 'at', at, POINTS);
  checkNumber(where, 'center', center, { min: 0 });
  checkNumber(where, 'weight', weight, { min: 0 });
  const penalty: GradientPenalty = {
    at,
    loss: (scores, batch, key) =>
      tf.tidy(() => {
        const gradient = inputGradients(scores, pointsOf(at, batch, key)); // [n, size of an event]
        const squared =
          center === 0
            ? tf.sum(tf.square(gradient), 1)
            : tf.square(tf.sub(euclideanNorm(gradient, { axis: 1 }), center));
        return tf.mul<Scalar>(weight, tf.mean<Scalar>(squared));
      }),
  };
  return record(penalty, 'gradientPenalty', arguments);
}

/**
 * $\frac{\gamma}{2}\, \mathbb{E}_{p}[\|\nabla_x s(x)\|^2]$, the zero-centered penalty on real examples.
 * @see Which Training Methods for GANs do actually Converge? (Mescheder et al., 2018), Eq. 9
 *
 * @example
 * ```ts
 * const model = gan({
 *   latent: 2,
 *   generator: mlp([2, 64, 2], { key: key.fold('generator') }),
 *   critic: mlp([2, 64, 1], { key: key.fold('critic') }),
 *   loss: 'non-saturating',
 *   penalties: [r1({ gamma: 1 })],
 * });
 * ```
 */
export const r1 = (options: ZeroCenteredOptions): GradientPenalty => halved('r1', 'real', options);

/**
 * $\frac{\gamma}{2}\, \mathbb{E}_{q}[\|\nabla_x s(x)\|^2]$, the zero-centered penalty on fakes.
 * @see Which Training Methods for GANs do actually Converge? (Mescheder et al., 2018), Eq. 10
 *
 * @example
 * ```ts
 * const model = gan({
 *   latent: 2,
 *   generator: mlp([2, 64, 2], { key: key.fold('generator') }),
 *   critic: mlp([2, 64, 1], { key: key.fold('critic') }),
 *   penalties: [r1({ gamma: 0.1 }), r2({ gamma: 0.1 })],
 * });
 * ```
 */
export const r2 = (options: ZeroCenteredOptions): GradientPenalty => halved('r2', 'fake', options);

/**
 * $\lambda\, \mathbb{E}_{\hat x}[(\|\nabla_{\hat x} s(\hat x)\| - 1)^2]$ between real examples and fakes.
 * @param options - `weight` $\lambda$ (`@defaultValue 10`)
 * @see Improved Training of Wasserstein GANs (Gulrajani et al., 2017), Eq. 3
 *
 * @example
 * ```ts
 * const model = gan({
 *   latent: 2,
 *   generator: mlp([2, 64, 2], { key: key.fold('generator') }),
 *   critic: mlp([2, 64, 1], { key: key.fold('critic') }),
 *   loss: 'wasserstein',
 *   penalties: [wganPenalty()],
 *   criticSteps: 5,
 * });
 * ```
 */
export const wganPenalty = (options: { readonly weight?: number } = {}): GradientPenalty => {
  checkOptions('wganPenalty', options, ['weight']);
  const { weight = 10 } = options;
  return gradientPenalty({ at: 'between', center: 1, weight });
};

function halved(where: string, at: PenaltyPoints, options: ZeroCenteredOptions): GradientPenalty {
  checkOptions(where, options, ['gamma']);
  const { gamma } = options;
  checkNumber(where, 'gamma', gamma, { min: 0 });
  return gradientPenalty({ at, weight: gamma / 2 });
}

/** $\nabla_x s(x)$ of each row, flat: `[n, size of an event]`. */
function inputGradients(scores: Scores, x: Tensor): Tensor {
  // Rows do not depend on each other, so the gradient of the sum holds the gradient of each.
  const gradient = tf.grad((x: Tensor) => tf.sum(scores(x)))(x);
  return tf.reshape(gradient, [x.shape[0]!, -1]);
}

function pointsOf(
  at: PenaltyPoints,
  { real, fake }: { readonly real: Tensor; readonly fake: Tensor },
  key: Key,
): Tensor {
  if (at === 'real') return real;
  if (at === 'fake') return fake;
  const u = key.uniform([real.shape[0]!, ...real.shape.slice(1).map(() => 1)]);
  return tf.add(fake, tf.mul(u, tf.sub(real, fake)));
}
