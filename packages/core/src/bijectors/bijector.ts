import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors/dgm-error';
import { formatShape } from '../shape/shape';

/**
 * An invertible, differentiable map. `forward` goes from latent to data.
 *
 * The last `eventRank` axes are one event; `logDet` has the axes before them, is in nats, and is the logarithm of the
 * absolute determinant of the Jacobian of the direction that was asked for (so the inverse's is minus the forward's).
 */
export interface Bijector {
  readonly eventRank: number;
  forwardAndLogDet(z: Tensor): { y: Tensor; logDet: Tensor };
  inverseAndLogDet(y: Tensor): { z: Tensor; logDet: Tensor };
}

/**
 * The base of bijectors: checks ranks and frees intermediate tensors. An author writes the two equations, and may write
 * `validate`, which sees the static shape of either side and throws a `ShapeError`.
 */
export abstract class BaseBijector implements Bijector {
  abstract readonly eventRank: number;

  forwardAndLogDet(z: Tensor): { y: Tensor; logDet: Tensor } {
    this.#check(z, 'forwardAndLogDet', 'z');
    this.validate(z, `${this.constructor.name}.forwardAndLogDet`, 'z');
    return tf.tidy(() => this.forward(z));
  }

  inverseAndLogDet(y: Tensor): { z: Tensor; logDet: Tensor } {
    this.#check(y, 'inverseAndLogDet', 'y');
    this.validate(y, `${this.constructor.name}.inverseAndLogDet`, 'y');
    return tf.tidy(() => this.inverse(y));
  }

  protected abstract forward(z: Tensor): { y: Tensor; logDet: Tensor };
  protected abstract inverse(y: Tensor): { z: Tensor; logDet: Tensor };

  protected validate(_x: Tensor, _where: string, _argument: string): void {}

  #check(x: Tensor, method: string, argument: string): void {
    if (x.rank >= this.eventRank) return;
    throw new ShapeError({
      where: `${this.constructor.name}.${method}`,
      argument,
      expected: `of rank ${this.eventRank} or more`,
      actual: formatShape(x.shape),
    });
  }
}
