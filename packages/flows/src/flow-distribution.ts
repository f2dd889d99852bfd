import { BaseDistribution } from '@dgm/core';
import type { Distribution, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { FlowCall, FlowLayer } from './flow-layer';

/**
 * The distribution of $x = f(z)$ for $z \sim \pi$, given a context or none (DGM Eq. 3.8):
 * $\ln p(x) = \ln \pi(f^{-1}(x)) + \ln |\det J_{f^{-1}}(x)|$.
 *
 * For maps of integers $\pi$ is a mass function and the determinant is 1 (DGM Eq. 3.32). It borrows all that it is made of.
 */
export class FlowDistribution extends BaseDistribution {
  readonly kind = 'Flow';
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly reparameterized: boolean;
  readonly #base: Distribution;
  readonly #map: FlowLayer;
  readonly #call: FlowCall;

  /** @param base - with a batch of the rows of the context, or with none */
  constructor(base: Distribution, map: FlowLayer, call: FlowCall = {}) {
    super();
    this.#base = base;
    this.#map = map;
    this.#call = call;
    this.batchShape = call.context === undefined ? [] : [call.context.shape[0]!];
    this.eventShape = map.eventShape;
    this.reparameterized = base.reparameterized;
  }

  /**
   * Draws and their log-densities without a way back through the map: exact also where the inverse is not, or is slow.
   * @returns `x`: `[...sampleShape, ...batch, ...event]`, and `logProb`: `[...sampleShape, ...batch]`, owned by the caller
   */
  sampleAndLogProb(key: Key, sampleShape: Shape = []): { x: Tensor; logProb: Tensor } {
    return tf.tidy(() => {
      const z = this.#latents(key, sampleShape);
      const { y, logDet } = this.#forward(z, sampleShape);
      return { x: y, logProb: tf.sub(this.#base.logProb(z), logDet) };
    });
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return this.#forward(this.#latents(key, sampleShape), sampleShape).y;
  }

  protected logDensity(x: Tensor): Tensor {
    const { z, logDet } = this.#map.inverseAndLogDet(x, this.#call);
    return tf.add(this.#base.logProb(z), logDet);
  }

  #latents(key: Key, sampleShape: Shape): Tensor {
    const missing = this.batchShape.slice(this.#base.batchShape.length);
    return this.#base.sample(key, [...sampleShape, ...missing]);
  }

  /** Networks want one batch axis at least, also for a single draw. */
  #forward(z: Tensor, sampleShape: Shape): { y: Tensor; logDet: Tensor } {
    const lead = [...sampleShape, ...this.batchShape];
    if (lead.length > 0) return this.#map.forwardAndLogDet(z, this.#call);
    const { y, logDet } = this.#map.forwardAndLogDet(tf.expandDims(z, 0), this.#call);
    return { y: tf.reshape(y, [...this.eventShape]), logDet: tf.reshape(logDet, []) };
  }
}
