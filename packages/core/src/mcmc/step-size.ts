import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { exp } from '../ops/activations';
import { selectByMask } from '../ops/select';

/** The state of the adaptation; scalars. */
export type StepSizeState = {
  readonly stepSize: Tensor;
  /** m, the number of updates so far. */
  readonly updates: Tensor;
  /** $\bar H$: how far the acceptance has been below the target. */
  readonly shortfall: Tensor;
  /** $\log \bar\epsilon$, the weighted average of the logarithms. */
  readonly averageLog: Tensor;
};

/** How an adaptation goes. */
export interface StepSizeOptions {
  /** The step size to start from. */
  readonly stepSize: number;
  /** The number of updates; then the average stays. */
  readonly warmUp: number;
  /** The acceptance rate to reach. */
  readonly target: number;
}

/** The constants of the paper's section 3.2.1. */
const [GAMMA, OFFSET, KAPPA] = [0.05, 10, 0.75];

export function initialStepSize({ stepSize }: StepSizeOptions): StepSizeState {
  return {
    stepSize: tf.scalar(stepSize),
    updates: tf.scalar(0),
    shortfall: tf.scalar(0),
    averageLog: tf.scalar(0),
  };
}

/**
 * One update of dual averaging, with the acceptance probability $\alpha$ of the last proposals:
 *
 * $$\bar H_m = \Big(1 - \tfrac{1}{m + t_0}\Big) \bar H_{m-1} + \tfrac{1}{m + t_0} (\delta - \alpha), \quad
 *   \log \epsilon_m = \mu - \tfrac{\sqrt m}{\gamma} \bar H_m, \quad
 *   \log \bar\epsilon_m = m^{-\kappa} \log \epsilon_m + (1 - m^{-\kappa}) \log \bar\epsilon_{m-1}$$
 *
 * with $\mu = \log 10 \epsilon_0$. After `warmUp` updates the step size is $\bar\epsilon$ and stays. No value is read.
 * @see The No-U-Turn Sampler (Hoffman and Gelman, 2014), Algorithm 5
 */
export function updateStepSize(
  { stepSize, updates, shortfall, averageLog }: StepSizeState,
  acceptance: Tensor,
  { stepSize: first, warmUp, target }: StepSizeOptions,
): StepSizeState {
  const m = tf.add(updates, 1);
  const weight = tf.reciprocal(tf.add(m, OFFSET));
  const nextShortfall = tf.add(
    tf.mul(tf.sub(1, weight), shortfall),
    tf.mul(weight, tf.sub(target, acceptance)),
  );
  const log = tf.sub(Math.log(10 * first), tf.mul(tf.div(tf.sqrt(m), GAMMA), nextShortfall));
  const share = exp(tf.mul(-KAPPA, tf.log(m)));
  const nextAverage = tf.add(tf.mul(share, log), tf.mul(tf.sub(1, share), averageLog));
  const during = tf.less(m, warmUp);
  const atEnd = tf.equal(m, warmUp);
  const isOver = tf.greater(m, warmUp);
  return {
    updates: m,
    shortfall: nextShortfall,
    averageLog: selectByMask(isOver, averageLog, nextAverage) as Scalar,
    stepSize: selectByMask(during, exp(log), selectByMask(atEnd, exp(nextAverage), stepSize)) as Scalar,
  };
}
