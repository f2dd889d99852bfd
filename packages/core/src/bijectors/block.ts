import type { Tensor } from '@tensorflow/tfjs-core';
import { ArgumentError } from '../errors/dgm-error';
import { BaseBijector, type Bijector } from './bijector';
import { sumLastAxes } from './event-axes';

/**
 * A bijector applied to each part of a larger event, so that its log-determinants are summed over the event:
 * `new Block(new Tanh(), { eventRank: 1 })` maps vectors and returns one log-determinant per vector.
 */
export class Block extends BaseBijector {
  readonly eventRank: number;
  readonly #part: Bijector;

  /**
   * @param part - borrowed
   * @param options - `eventRank`: the number of axes of the larger event, at least that of the part
   * @throws ArgumentError if it is smaller or no integer
   */
  constructor(part: Bijector, { eventRank }: { readonly eventRank: number }) {
    super();
    if (!Number.isInteger(eventRank) || eventRank < part.eventRank) {
      throw new ArgumentError({
        where: 'Block',
        argument: 'eventRank',
        expected: `to be an integer of at least ${part.eventRank}, the rank of the part`,
        actual: String(eventRank),
      });
    }
    this.#part = part;
    this.eventRank = eventRank;
  }

  protected forward(z: Tensor): { y: Tensor; logDet: Tensor } {
    const { y, logDet } = this.#part.forwardAndLogDet(z);
    return { y, logDet: this.#perEvent(logDet) };
  }

  protected inverse(y: Tensor): { z: Tensor; logDet: Tensor } {
    const { z, logDet } = this.#part.inverseAndLogDet(y);
    return { z, logDet: this.#perEvent(logDet) };
  }

  #perEvent(logDet: Tensor): Tensor {
    return sumLastAxes(logDet, this.eventRank - this.#part.eventRank);
  }
}
