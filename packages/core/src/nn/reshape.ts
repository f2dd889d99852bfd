import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkOptions, checkSizes, checkThat } from '../check/check';
import { record } from '../construction/record';
import { ShapeError } from '../errors/dgm-error';
import { formatShape, sizeOf, type Shape } from '../shape/shape';
import { BaseLayer } from './layer';

export interface ReshapeOptions {
  /** The shape of one example. */
  readonly shape: Shape;
}

/**
 * Gives each example another shape with as many elements: `[n, ...]` to `[n, ...shape]`.
 *
 * @example
 * ```ts
 * new Reshape({ shape: [8, 8, 1] }).apply(x); // [4, 64] to [4, 8, 8, 1]
 * ```
 */
export class Reshape extends BaseLayer {
  readonly shape: Shape;

  constructor({ shape, ...unknown }: ReshapeOptions) {
    super();
    record(this, 'Reshape', arguments);
    checkOptions('Reshape', unknown, ['shape']);
    checkSizes('Reshape', 'shape', shape);
    this.shape = shape;
  }

  protected override validate(x: Tensor): void {
    checkThat('Reshape.apply', 'x', x.rank >= 1 && sizeOf(x.shape.slice(1)) === sizeOf(this.shape), {
      error: ShapeError,
      expected: `to hold ${sizeOf(this.shape)} elements for each example, for the shape ${formatShape(this.shape)}`,
      actual: formatShape(x.shape),
    });
  }

  protected forward(x: Tensor): Tensor {
    return tf.reshape(x, [x.shape[0]!, ...this.shape]);
  }
}

/**
 * Makes each example a vector: `[n, ...]` to `[n, elements]`.
 *
 * @example
 * ```ts
 * new Flatten().apply(tf.ones([4, 8, 8, 3])); // [4, 192]
 * ```
 */
export class Flatten extends BaseLayer {
  constructor() {
    super();
    record(this, 'Flatten', []);
  }

  protected override validate(x: Tensor): void {
    checkThat('Flatten.apply', 'x', x.rank >= 1, {
      error: ShapeError,
      expected: `of shape ${formatShape(['n', '...'])}`,
      actual: formatShape(x.shape),
    });
  }

  protected forward(x: Tensor): Tensor {
    return tf.reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]);
  }
}
