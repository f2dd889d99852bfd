import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions, checkShape, checkThat } from '../check/check';
import { record } from '../construction/record';
import { ShapeError } from '../errors/dgm-error';
import { formatShape } from '../shape/shape';
import { BaseLayer } from './layer';

/*
 * tfjs's pooling has no second gradient, and its gradient of a resized batch is wrong. Both layers are made of concat, mean
 * and reshape, which are right at every order.
 */

export interface Upsample2dOptions {
  /** How often each row and each column is repeated. @defaultValue 2 */
  readonly factor?: number;
}

/**
 * Nearest-neighbour upsampling: `[n, height, width, c]` to `[n, factor * height, factor * width, c]`.
 *
 * @example
 * ```ts
 * new Upsample2d({ factor: 2 }).apply(tf.ones([4, 8, 8, 3])); // [4, 16, 16, 3]
 * ```
 */
export class Upsample2d extends BaseLayer {
  readonly factor: number;

  constructor({ factor = 2, ...unknown }: Upsample2dOptions = {}) {
    super();
    record(this, 'Upsample2d', arguments);
    checkOptions('Upsample2d', unknown, ['factor']);
    checkInteger('Upsample2d', 'factor', factor);
    this.factor = factor;
  }

  protected override validate(x: Tensor): void {
    checkShape('Upsample2d.apply', 'x', x, ['n', 'height', 'width', 'channels']);
  }

  protected forward(x: Tensor): Tensor {
    const [n, height, width, channels] = x.shape as [number, number, number, number];
    const repeat = (y: Tensor): Tensor => tf.concat(Array<Tensor>(this.factor).fill(y), -1);
    // Repeated along the channels, a pixel is repeated along the row; then rows as wholes.
    const wide = tf.reshape(repeat(x), [n, height, this.factor * width * channels]);
    return tf.reshape(repeat(wide), [n, this.factor * height, this.factor * width, channels]);
  }
}

export interface AveragePool2dOptions {
  /** The side of the squares that are averaged. @defaultValue 2 */
  readonly size?: number;
}

/**
 * Means over squares that do not overlap: `[n, height, width, c]` to `[n, height / size, width / size, c]`.
 *
 * @example
 * ```ts
 * new AveragePool2d({ size: 2 }).apply(tf.ones([4, 8, 8, 3])); // [4, 4, 4, 3]
 * ```
 */
export class AveragePool2d extends BaseLayer {
  readonly size: number;

  constructor({ size = 2, ...unknown }: AveragePool2dOptions = {}) {
    super();
    record(this, 'AveragePool2d', arguments);
    checkOptions('AveragePool2d', unknown, ['size']);
    checkInteger('AveragePool2d', 'size', size);
    this.size = size;
  }

  protected override validate(x: Tensor): void {
    checkShape('AveragePool2d.apply', 'x', x, ['n', 'height', 'width', 'channels']);
    checkThat('AveragePool2d.apply', 'x', x.shape[1]! % this.size === 0 && x.shape[2]! % this.size === 0, {
      error: ShapeError,
      expected: `to have a height and width divisible by ${this.size}`,
      actual: formatShape(x.shape),
    });
  }

  protected forward(x: Tensor): Tensor {
    const { size } = this;
    const [n, height, width, channels] = x.shape as [number, number, number, number];
    const [rows, columns] = [height / size, width / size];
    const low = tf.mean(tf.reshape(x, [n * rows, size, width * channels]), 1);
    const small = tf.mean(tf.reshape(low, [n * rows * columns, size, channels]), 1);
    return tf.reshape(small, [n, rows, columns, channels]);
  }
}
