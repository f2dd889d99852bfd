import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { record } from '../construction/record';
import { withGradient } from '../ops/differentiable';
import { leadingShape, type Shape } from '../shape/shape';
import { BaseBijector, type ForwardResult, type InverseResult } from './bijector';

/**
 * The map $y_i = z_{\pi(i)}$ of the last axis, with $\log |\det J| = 0$.
 *
 * @example
 * ```ts
 * const bijector = new Permutation([2, 0, 1]);
 * ```
 */
export class Permutation extends BaseBijector {
  readonly eventRank = 1;
  readonly eventShape: Shape;
  readonly latentShape: Shape;
  readonly #order: readonly number[];
  readonly #back: readonly number[];

  /**
   * @param order - $\pi$: each of 0 to D - 1 once, for example `key.permutation(D)`
   * @throws ArgumentError if an entry is missing or occurs twice
   */
  constructor(order: ArrayLike<number>) {
    super();
    record(this, 'Permutation', arguments);
    this.#order = Array.from(order);
    this.#back = inverseOrder(this.#order);
    this.eventShape = [this.#order.length];
    this.latentShape = this.eventShape;
  }

  /** The permutation that reverses an axis of the given size. */
  static reverse(size: number): Permutation {
    return new Permutation(Array.from({ length: size }, (_, index) => size - 1 - index));
  }

  protected forward(z: Tensor): ForwardResult {
    return { y: reorder(z, this.#order, this.#back), logDet: tf.zeros(z.shape.slice(0, -1)) };
  }

  protected inverse(y: Tensor): InverseResult {
    return { z: reorder(y, this.#back, this.#order), logDet: tf.zeros(y.shape.slice(0, -1)) };
  }

  protected override validate(x: Tensor, where: string, argument: string): void {
    leadingShape(x.shape, [this.#order.length], where, argument);
  }
}

/** Gathers along the last axis. Its gradient gathers back: tfjs's own would scatter, which not every backend can. */
function reorder(x: Tensor, order: readonly number[], back: readonly number[]): Tensor {
  return withGradient(
    [x],
    ([x]) => tf.gather(x!, tf.tensor1d([...order], 'int32'), -1),
    (dy) => [reorder(dy, back, order)],
  );
}

function inverseOrder(order: readonly number[]): number[] {
  const back = order.map((_, index) => order.indexOf(index));
  checkThat('Permutation', 'order', !back.includes(-1), {
    expected: `to hold each of 0 to ${order.length - 1} once`,
    actual: `[${order.join(', ')}]`,
  });
  return back;
}
