import { ArgumentError, DiscretizedLogistic, Independent, Mixture, sizeOf } from '@dgm/core';
import type { DistributionHead, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

export interface IntegerLogisticOptions {
  readonly shape: Shape;
  /** What a mean parameter of 0 stands for; 0 unless given. */
  readonly center?: number;
}

/**
 * A discretized logistic distribution over *all* integers for each element, for the base of an integer flow: its latents
 * may leave the range of the data. Parameters: all means, then all log-scales, in units of the integers.
 * @see DGM Eq. 3.41-3.43, Listing 3.4, whose epsilon puts a floor under one tail
 */
export function integerLogistic({ shape, center = 0 }: IntegerLogisticOptions): DistributionHead {
  return {
    numParameters: 2 * sizeOf(shape),
    eventShape: shape,
    distribution: (parameters) => {
      const [mean, logScale] = parts(parameters, 2, shape);
      const location = tf.add(center, mean!);
      return new Independent(new DiscretizedLogistic(location, { logScale: logScale! }), shape.length);
    },
  };
}

export interface IntegerLogisticMixtureOptions extends IntegerLogisticOptions {
  /** The number of components. */
  readonly components: number;
  /** The distance between the components' means when all parameters are 0; 1 unless given. */
  readonly spread?: number;
  /**
   * The components' scale when all parameters are 0; 1 unless given. With 0.2, a spread of 1 and a component for each
   * level, a mixture starts as a free probability for each level.
   */
  readonly scale?: number;
}

/**
 * A mixture of discretized logistic distributions over all integers for each element. Parameters: all log-weights, then
 * all means, then all log-scales, `[3, ...shape, components]`.
 * @throws ArgumentError if `components` is not an integer of at least 1
 * @see Integer Discrete Flows (Hoogeboom et al., 2019), §4.2; DGM §3.2.3
 */
export function integerLogisticMixture({
  shape,
  components,
  center = 0,
  spread = 1,
  scale = 1,
}: IntegerLogisticMixtureOptions): DistributionHead {
  if (!(Number.isInteger(components) && components >= 1)) {
    throw new ArgumentError({
      where: 'integerLogisticMixture',
      argument: 'components',
      expected: 'to be an integer of at least 1',
      actual: String(components),
    });
  }
  const start = Array.from({ length: components }, (_, k) => center + spread * (k - (components - 1) / 2));
  return {
    numParameters: 3 * components * sizeOf(shape),
    eventShape: shape,
    distribution: (parameters) => {
      const [logits, mean, logScale] = parts(parameters, 3, [...shape, components]);
      const component = new DiscretizedLogistic(tf.add(mean!, tf.tensor1d(start)), {
        logScale: tf.add(Math.log(scale), logScale!),
      });
      return new Independent(new Mixture(logits!, component), shape.length);
    },
  };
}

/** `[n, count * size]` as `count` tensors `[n, ...shape]`. */
function parts(parameters: Tensor, count: number, shape: Shape): Tensor[] {
  return tf.split(parameters, count, 1).map((part) => tf.reshape(part, [parameters.shape[0]!, ...shape]));
}
