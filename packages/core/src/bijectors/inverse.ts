import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseBijector, type Bijector } from './bijector';

/** A bijector seen from its other end: $g = f^{-1}$. It borrows f. */
export class Inverse extends BaseBijector {
  readonly eventRank: number;
  readonly #original: Bijector;

  constructor(original: Bijector) {
    super();
    this.#original = original;
    this.eventRank = original.eventRank;
  }

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    const { z: y, logDet } = this.#original.inverseAndLogDet(z);
    return { y, logDet };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    const { y: z, logDet } = this.#original.forwardAndLogDet(y);
    return { z, logDet };
  }
}
