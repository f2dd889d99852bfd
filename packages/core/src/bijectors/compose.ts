import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseBijector, type Bijector } from './bijector';
import { sumLastAxes } from './event-axes';

/**
 * Several bijectors, one after the other: $f = f_n \circ \dots \circ f_1$ for `new Compose([f_1, ..., f_n])`.
 *
 * The order is that of reading: in the forward direction, from latent to data, the first of the list comes first; the
 * inverse starts with the last. Log-determinants add up, $\log |\det J_f| = \sum_i \log |\det J_{f_i}|$, those of
 * element-wise bijectors summed over the event. With an empty list it is the identity.
 */
export class Compose extends BaseBijector {
  /** The largest event rank among the parts. */
  readonly eventRank: number;
  readonly #parts: readonly Bijector[];

  /** @param parts - borrowed; in the order of the forward direction */
  constructor(parts: readonly Bijector[]) {
    super();
    this.#parts = parts;
    this.eventRank = Math.max(0, ...parts.map((part) => part.eventRank));
  }

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    let y = tf.clone(z);
    const terms = this.#parts.map((part) => {
      const step = part.forwardAndLogDet(y);
      y = step.y;
      return this.#perEvent(step.logDet, part);
    });
    return { y, logDet: this.#total(terms, z) };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    let z = tf.clone(y);
    const terms = [...this.#parts].reverse().map((part) => {
      const step = part.inverseAndLogDet(z);
      z = step.z;
      return this.#perEvent(step.logDet, part);
    });
    return { z, logDet: this.#total(terms, y) };
  }

  #perEvent(logDet: Tensor, part: Bijector): Tensor {
    return sumLastAxes(logDet, this.eventRank - part.eventRank);
  }

  #total(terms: Tensor[], x: Tensor): Tensor {
    return terms.length === 0 ? tf.zerosLike(x) : terms.reduce((sum, term) => tf.add(sum, term));
  }
}
