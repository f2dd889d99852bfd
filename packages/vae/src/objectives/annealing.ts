import { checkNumber, checkOptions } from '@dgm/core';
import type { LossOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';

/** A weight that changes while a model is trained. */
export interface Annealing {
  /** The weight at a training step, 1 at the first, in tensor operations: an engine captures them once. */
  at(step: Scalar): Scalar;
  /** The weight in validation, and in the end. */
  readonly final: number;
}

/**
 * A weight that rises linearly over the first steps and then stays: KL annealing, "warm-up".
 * @param options - `steps` of the rise; the weight goes `from` 0 `to` 1 by default
 * @throws ArgumentError if `steps` is not positive, or a weight not finite
 * @see Ladder Variational Autoencoders (Sønderby et al., 2016), §2.3
 */
export function linearAnnealing(options: {
  readonly steps: number;
  readonly from?: number;
  readonly to?: number;
}): Annealing {
  checkOptions('linearAnnealing', options, ['steps', 'from', 'to']);
  const { steps, from = 0, to = 1 } = options;
  checkNumber('linearAnnealing', 'steps', steps, { above: 0 });
  checkNumber('linearAnnealing', 'from', from);
  checkNumber('linearAnnealing', 'to', to);
  return {
    at: (step) => between(from, to, tf.minimum<Scalar>(1, tf.div(tf.sub(step, 1), steps))),
    final: to,
  };
}

/**
 * A weight that rises again and again, so that what has collapsed gets another chance: each cycle goes linearly `from`
 * `to` in its first part and then stays; after the last cycle the weight is `to`.
 * @param options - `period` in steps, the number of `cycles`, and the part of a cycle that rises, by default a half
 * @throws ArgumentError if a number is not positive, `rise` above 1, or a weight not finite
 * @see Cyclical Annealing Schedule (Fu et al., 2019), Eq. 6
 */
export function cyclicAnnealing(options: {
  readonly period: number;
  readonly cycles: number;
  readonly rise?: number;
  readonly from?: number;
  readonly to?: number;
}): Annealing {
  checkOptions('cyclicAnnealing', options, ['period', 'cycles', 'rise', 'from', 'to']);
  const { period, cycles, rise = 0.5, from = 0, to = 1 } = options;
  checkNumber('cyclicAnnealing', 'period', period, { above: 0 });
  checkNumber('cyclicAnnealing', 'cycles', cycles, { above: 0 });
  checkNumber('cyclicAnnealing', 'rise', rise, { above: 0, max: 1 });
  checkNumber('cyclicAnnealing', 'from', from);
  checkNumber('cyclicAnnealing', 'to', to);
  return {
    at: (step) => {
      const cycle = tf.div(tf.sub(step, 1), period);
      const phase = tf.sub(cycle, tf.floor(cycle));
      const over = tf.cast(tf.greaterEqual(cycle, cycles), 'float32');
      return between(from, to, tf.minimum<Scalar>(1, tf.add(tf.div(phase, rise), over)));
    },
    final: to,
  };
}

/** A number or an annealed weight, at the step of the context; a number where nothing has to be computed. */
export function weightAt(weight: number | Annealing, { step }: LossOptions): number | Scalar {
  if (typeof weight === 'number') return weight;
  return step === undefined ? weight.final : weight.at(step);
}

function between(from: number, to: number, progress: Scalar): Scalar {
  return tf.add(from, tf.mul(to - from, progress));
}
