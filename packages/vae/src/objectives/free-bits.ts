import {
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkThat,
  hasKlDivergence,
  klDivergence,
  relu,
  UnsupportedError,
} from '@dgm/core';
import type { Distribution, Independent } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Latent } from '../elbo';
import { averageOf } from './objective';
import type { VaeLossOptions } from './objective';

/** How much information about x is free. */
export interface FreeBits {
  /** $\lambda$: the nats that each group may use at no cost, on average over the batch. */
  readonly nats: number;
  /**
   * The groups of variables whose regularizers are summed before they are compared with `nats`: each variable
   * (`single`, if posterior and prior are independent in them), consecutive variables of a vector (a number of
   * groups), or all (`whole`).
   */
  readonly groups: 'single' | 'whole' | number;
}

/**
 * $\sum_j \max(\lambda, \mathbb{E}_x[R_j(x)])$: no gradient pushes a group below $\lambda$ nats, so it does not
 * collapse before the decoder has learned to use it.
 * @throws UnsupportedError for groups of variables that are not independent
 * @see Improving Variational Inference with Inverse Autoregressive Flow (Kingma et al., 2016), §C.8
 */
export function freeBitsRegularizer(
  { nats, groups }: FreeBits,
  { posterior, prior, z }: Latent,
  call: VaeLossOptions,
): Scalar {
  const perGroup =
    groups === 'whole'
      ? averageOf(divergence(posterior, prior, z), call)
      : grouped(perVariable(divergencePerVariable(posterior, prior, z), call), groups);
  return tf.sum<Scalar>(tf.add(nats, relu(tf.sub(perGroup, nats)))); // max(nats, R_j)
}

/** @throws ArgumentError if an option is out of its range */
export function checkFreeBits(where: string, freeBits: FreeBits): void {
  checkOptions(`${where}.freeBits`, freeBits, ['nats', 'groups']);
  checkNumber(where, 'freeBits.nats', freeBits.nats, { min: 0 });
  const { groups } = freeBits;
  if (typeof groups === 'number') checkInteger(where, 'freeBits.groups', groups);
  else checkOneOf(where, 'freeBits.groups', groups, ['single', 'whole']);
}

/** The mean over the examples of `[n, ...latent]`, `[...latent]`. */
function perVariable(values: Tensor, { weights }: VaeLossOptions): Tensor {
  if (weights === undefined) return tf.mean(values, 0);
  return tf.mean(tf.mul(tf.reshape(weights, [-1, ...values.shape.slice(1).map(() => 1)]), values), 0);
}

function divergence(q: Distribution, p: Distribution, z: Tensor): Tensor {
  return hasKlDivergence(q, p) ? klDivergence(q, p) : tf.sub(q.logProb(z), p.logProb(z));
}

/** `[n, ...latent]`. */
function divergencePerVariable(q: Distribution, p: Distribution, z: Tensor): Tensor {
  if (isIndependent(q) && isIndependent(p)) return divergence(q.base, p.base, z);
  throw new UnsupportedError({
    where: 'elboObjective',
    argument: 'freeBits.groups',
    expected: "to be 'whole' for a posterior or a prior whose variables depend on each other",
    actual: `${q.kind ?? 'unnamed'} against ${p.kind ?? 'unnamed'}`,
    remedy: "use groups: 'whole'",
  });
}

function grouped(values: Tensor, groups: 'single' | number): Tensor {
  if (groups === 'single') return values;
  checkThat('elboObjective', 'freeBits.groups', values.size % groups === 0, {
    expected: `to divide the ${values.size} latent variables`,
    actual: String(groups),
  });
  return tf.sum(tf.reshape(values, [groups, -1]), 1);
}

function isIndependent(distribution: Distribution): distribution is Independent {
  return distribution.kind === 'Independent';
}
