import { BaseDistribution, stopGradient } from '@dgm/core';
import type { Distribution, DistributionHead, EventSpace, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * A head whose distributions are constants: the gradient of `logProb` reaches its argument, but neither the network's
 * output nor the variables of the head.
 */
export function detached(head: DistributionHead): DistributionHead {
  const { numParameters, eventShape } = head;
  return {
    numParameters,
    eventShape,
    distribution: (parameters, call) => {
      const distribution = head.distribution(stopGradient(parameters), call);
      return 'parameters' in head ? new Rescored(distribution, pathOf(distribution)) : distribution;
    },
  };
}

/**
 * The density of a distribution without a gradient to its variables: $\ln q(z) - \ln q(\mathrm{const}(z))$ has the value 0, and
 * of the gradient of $\ln q$ the part along z.
 */
function pathOf(distribution: Distribution): (z: Tensor) => Tensor {
  return (z) => {
    const logProb = distribution.logProb(z);
    const score = distribution.logProb(stopGradient(z));
    return tf.add(stopGradient(logProb), tf.sub(logProb, score));
  };
}

/** A distribution with the draws of another one and a density of its own. */
export class Rescored extends BaseDistribution {
  readonly kind = 'Rescored';
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  override readonly space: EventSpace | undefined;
  readonly reparameterized: boolean;
  readonly #drawn: Distribution;
  readonly #logDensity: (z: Tensor) => Tensor;

  constructor(drawn: Distribution, logDensity: (z: Tensor) => Tensor) {
    super();
    this.#drawn = drawn;
    this.#logDensity = logDensity;
    this.batchShape = drawn.batchShape;
    this.eventShape = drawn.eventShape;
    this.space = drawn.space;
    this.reparameterized = drawn.reparameterized;
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return this.#drawn.sample(key, sampleShape);
  }

  protected logDensity(z: Tensor): Tensor {
    return this.#logDensity(z);
  }
}
