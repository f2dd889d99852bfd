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
      return 'parameters' in head ? new WithoutScore(distribution) : distribution;
    },
  };
}

/** A distribution that has variables, without a gradient to them. */
class WithoutScore extends BaseDistribution {
  readonly kind = 'WithoutScore';
  readonly reparameterized = false;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  override readonly space: EventSpace | undefined;
  readonly #distribution: Distribution;

  constructor(distribution: Distribution) {
    super();
    this.#distribution = distribution;
    this.batchShape = distribution.batchShape;
    this.eventShape = distribution.eventShape;
    this.space = distribution.space;
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return this.#distribution.sample(key, sampleShape);
  }

  /** $\ln q(z) - \ln q(\mathrm{const}(z))$ has the value 0, and of the gradient of $\ln q$ the part along z. */
  protected logDensity(z: Tensor): Tensor {
    const logProb = this.#distribution.logProb(z);
    const score = this.#distribution.logProb(stopGradient(z));
    return tf.add(stopGradient(logProb), tf.sub(logProb, score));
  }
}
