import {
  checkThat,
  formatShape,
  Independent,
  Normal,
  ShapeError,
  sigmoid,
  sizeOf,
  softplus,
} from '@dgm/core';
import type { CallOptions, Layer, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The parameters of a normal distribution with independent variables, `[..., M]` each. */
export interface Moments {
  readonly mean: Tensor;
  readonly logVariance: Tensor;
}

/** $\mathcal{N}(\mu, \operatorname{diag} \sigma^2)$. */
export function normalOf({ mean, logVariance }: Moments): Independent {
  return new Independent(new Normal(mean, { logScale: tf.mul(0.5, logVariance) }), 1);
}

/**
 * Cuts a network's output into means and log-variances.
 * @param parameters - `[..., 2 M]`
 * @throws ShapeError if there are not 2 M numbers
 */
export function momentsOf(parameters: Tensor, size: number, what: string): Moments {
  checkThat('HierarchicalVae', what, parameters.shape.at(-1) === 2 * size, {
    error: ShapeError,
    expected: `to put out ${2 * size} numbers, a mean and a log-variance for each of ${size} variables`,
    actual: formatShape(parameters.shape),
  });
  const [mean, logVariance] = tf.split(parameters, 2, -1);
  return { mean: mean!, logVariance: logVariance! };
}

/** A network over the last axis, whatever the axes before it: networks see one batch axis. */
export function applyToRows(network: Layer, z: Tensor, call: CallOptions): Tensor {
  if (z.rank === 2) return network.apply(z, call);
  const lead: Shape = z.shape.slice(0, -1);
  const rows = network.apply(tf.reshape(z, [sizeOf(lead), z.shape.at(-1)!]), call);
  return tf.reshape(rows, [...lead, ...rows.shape.slice(1)]);
}

/**
 * The posterior that moves with the prior: $\mathcal{N}(\mu + \Delta\mu, \sigma^2 \cdot \Delta\sigma^2)$.
 * @see DGM §4.5.2.2, step 6; NVAE (Vahdat and Kautz, 2020), Eq. 2
 */
export function residual(evidence: Moments, prior: Moments): Moments {
  return {
    mean: tf.add(prior.mean, evidence.mean),
    logVariance: tf.add(prior.logVariance, evidence.logVariance),
  };
}

/**
 * The product of two normal densities, the evidence of x and the level above, weighted by their precisions:
 * $\frac{1}{\sigma^2} = \frac{1}{\sigma_x^2} + \frac{1}{\sigma_p^2}$ and
 * $\mu = \sigma^2 (\mu_x / \sigma_x^2 + \mu_p / \sigma_p^2)$.
 * @see Ladder Variational Autoencoders (Sønderby et al., 2016), Eq. 12, 13
 */
export function precisionWeighted(evidence: Moments, prior: Moments): Moments {
  const logRatio = tf.sub(prior.logVariance, evidence.logVariance); // ln of the evidence's share of the precision, odds
  return {
    mean: tf.add(prior.mean, tf.mul(sigmoid(logRatio), tf.sub(evidence.mean, prior.mean))),
    logVariance: tf.sub(prior.logVariance, softplus(logRatio)),
  };
}
