import { ArgumentError, checkNumber, checkOptions, relu, weightAt } from '@dgm/core';
import type { LossOptions, ScheduledWeight } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** The weights of the levels' regularizers in training. */
export interface HierarchicalObjective {
  /**
   * The weight of the regularizers: one for all, or one per level, z_1 first.
   * @defaultValue 1
   */
  readonly weight?: number | ScheduledWeight | readonly (number | ScheduledWeight)[];
  /**
   * The nats that each level may use at no cost, on average over the batch.
   * @defaultValue 0
   */
  readonly freeNats?: number;
}

/** The parts of the bound of a batch: `[n]` each, in nats. */
export interface HierarchicalTerms {
  /** $\ln p(x|z)$. */
  readonly reconstruction: Tensor;
  /** $\ln q(z_l|\cdot) - \ln p(z_l|\cdot)$ of each level, or its expectation, z_1 first. */
  readonly regularizers: readonly Tensor[];
}

/**
 * Minus the bound: $-\mathbb{E}[\ln p(x|z)] + \sum_l \beta_l R_l$, where a level with fewer than $\lambda$ nats
 * counts as $\lambda$ in training. The term `regularizer1` belongs to z_1.
 * @see Ladder Variational Autoencoders (Sønderby et al., 2016), §2.3 (warm-up)
 */
export function hierarchicalLoss(
  { reconstruction, regularizers }: HierarchicalTerms,
  { weight = 1, freeNats = 0 }: HierarchicalObjective,
  context: LossOptions,
): { total: Scalar } & Record<string, Scalar> {
  const misfit = tf.neg(tf.mean<Scalar>(reconstruction));
  const perLevel = regularizers.map((values) => tf.mean<Scalar>(values));
  const prices = perLevel.map((value, level) => {
    const price = freeNats > 0 && context.training ? atLeast(freeNats, value) : value;
    const beta = weightAt(isList(weight) ? weight[level]! : weight, context);
    return beta === 1 ? price : tf.mul<Scalar>(beta, price);
  });
  return {
    total: tf.addN<Scalar>([misfit, ...prices]),
    reconstruction: misfit,
    regularizer: tf.addN<Scalar>(perLevel),
    ...Object.fromEntries(perLevel.map((value, level) => [`regularizer${level + 1}`, value])),
  };
}

/** @throws ArgumentError unless there is one weight, or one for each level */
export function checkObjective(objective: HierarchicalObjective, levels: number, where: string): void {
  checkOptions(`${where}.objective`, objective, ['weight', 'freeNats']);
  const { weight = 1, freeNats = 0 } = objective;
  checkNumber(where, 'objective.freeNats', freeNats, { min: 0 });
  if (!isList(weight) || weight.length === levels) return;
  throw new ArgumentError({
    where,
    argument: 'objective.weight',
    expected: `to be one weight, or one for each of the ${levels} levels`,
    actual: `${weight.length} weights`,
  });
}

/** $\max(\lambda, R)$, without a gradient below. */
function atLeast(nats: number, value: Scalar): Scalar {
  return tf.add(nats, relu(tf.sub(value, nats)));
}

function isList(
  weight: NonNullable<HierarchicalObjective['weight']>,
): weight is readonly (number | ScheduledWeight)[] {
  return Array.isArray(weight);
}
