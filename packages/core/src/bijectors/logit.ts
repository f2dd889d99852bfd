import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseBijector } from './bijector';
import { Sigmoid } from './sigmoid';

/**
 * The map $y = \log z - \log(1 - z)$ from the open interval (0, 1) to the real line, element by element, with
 * $\log |dy/dz| = -\log z - \log(1 - z)$: the inverse of {@link Sigmoid}, with the same limits of float32.
 */
export class Logit extends BaseBijector {
  readonly eventRank = 0;
  readonly #sigmoid = new Sigmoid();

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    const { z: y, logDet } = this.#sigmoid.inverseAndLogDet(z);
    return { y, logDet };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    const { y: z, logDet } = this.#sigmoid.forwardAndLogDet(y);
    return { z, logDet };
  }
}
