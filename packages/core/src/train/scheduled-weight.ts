import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { checkNumber, checkOptions } from '../check/check';
import { record } from '../construction/record';
import type { LossOptions } from '../model/generative-model';

/** The weight of a term of a loss, which changes while a model is trained. */
export interface ScheduledWeight {
  /** The weight at a training step, 1 at the first, in tensor operations: an engine captures them once. */
  at(step: Scalar): Scalar;
  /** The weight in validation and after training. */
  readonly final: number;
}

/**
 * A weight that rises linearly over the first steps and then stays constant: KL annealing, also called warm-up.
 * @param options - `steps`: the length of the rise; `from` (0 by default) and `to` (1 by default): the first and last weight
 * @throws ArgumentError if `steps` is not positive, or a weight not finite
 * @see Ladder Variational Autoencoders (Sønderby et al., 2016), §2.3
 *
 * @example
 * ```ts
 * const objective = elboObjective({ weight: linearAnnealing({ steps: 1000 }) });
 * ```
 */
export function linearAnnealing(options: {
  readonly steps: number;
  readonly from?: number;
  readonly to?: number;
}): ScheduledWeight {
  checkOptions('linearAnnealing', options, ['steps', 'from', 'to']);
  const { steps, from = 0, to = 1 } = options;
  checkNumber('linearAnnealing', 'steps', steps, { above: 0 });
  checkNumber('linearAnnealing', 'from', from);
  checkNumber('linearAnnealing', 'to', to);
  const schedule: ScheduledWeight = {
    at: (step) => between(from, to, tf.minimum<Scalar>(1, tf.div(tf.sub(step, 1), steps))),
    final: to,
  };
  return record(schedule, 'linearAnnealing', arguments);
}

/**
 * A weight that rises once per cycle, so that latent variables that have collapsed get another chance. Each cycle rises
 * linearly in its first part and then stays constant; after the last cycle the weight is `to`.
 * @param options - `period`: the steps of a cycle; `cycles`: how many; `rise` (0.5 by default): the fraction of a cycle that
 * rises; `from` (0 by default) and `to` (1 by default): the first and last weight of a cycle
 * @throws ArgumentError if a number is not positive, `rise` above 1, or a weight not finite
 * @see Cyclical Annealing Schedule (Fu et al., 2019), Eq. 6
 *
 * @example
 * ```ts
 * const objective = elboObjective({ weight: cyclicAnnealing({ period: 1000, cycles: 4 }) });
 * ```
 */
export function cyclicAnnealing(options: {
  readonly period: number;
  readonly cycles: number;
  readonly rise?: number;
  readonly from?: number;
  readonly to?: number;
}): ScheduledWeight {
  checkOptions('cyclicAnnealing', options, ['period', 'cycles', 'rise', 'from', 'to']);
  const { period, cycles, rise = 0.5, from = 0, to = 1 } = options;
  checkNumber('cyclicAnnealing', 'period', period, { above: 0 });
  checkNumber('cyclicAnnealing', 'cycles', cycles, { above: 0 });
  checkNumber('cyclicAnnealing', 'rise', rise, { above: 0, max: 1 });
  checkNumber('cyclicAnnealing', 'from', from);
  checkNumber('cyclicAnnealing', 'to', to);
  const schedule: ScheduledWeight = {
    at: (step) => {
      const cycle = tf.div(tf.sub(step, 1), period);
      const phase = tf.sub(cycle, tf.floor(cycle));
      const over = tf.cast(tf.greaterEqual(cycle, cycles), 'float32');
      return between(from, to, tf.minimum<Scalar>(1, tf.add(tf.div(phase, rise), over)));
    },
    final: to,
  };
  return record(schedule, 'cyclicAnnealing', arguments);
}

/** @throws ArgumentError for a weight that is negative or not finite */
export function checkWeight(where: string, argument: string, weight: number | ScheduledWeight): void {
  checkNumber(where, argument, typeof weight === 'object' ? weight?.final : weight, { min: 0 });
}

/** The weight at the step of a loss; the final one where nothing is being trained. */
export function weightAt(weight: number | ScheduledWeight, { step }: LossOptions): number | Scalar {
  if (typeof weight === 'number') return weight;
  return step === undefined ? weight.final : weight.at(step);
}

function between(from: number, to: number, progress: Scalar): Scalar {
  return tf.add(from, tf.mul(to - from, progress));
}
