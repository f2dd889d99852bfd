import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions } from '../check/check';
import { record } from '../construction/record';
import { BaseLayer } from './layer';

export interface ScalePixelsOptions {
  /** The number of values of a pixel: integers from 0 to `levels - 1`. */
  readonly levels: number;
}

/**
 * Scales integers from 0 to `levels - 1` to [-1, 1]: $y = 2x / (\text{levels} - 1) - 1$. As the first layer of an encoder it
 * lets a model take raw pixels. Without it, a network sees numbers up to 255, and training often diverges in the first step.
 * @throws ArgumentError if `levels` is not an integer of at least 2
 * @example
 * ```ts
 * const encoder = new Sequential([new ScalePixels({ levels: 256 }), mlp([784, 256, 32], { key })]);
 * ```
 */
export class ScalePixels extends BaseLayer {
  readonly levels: number;

  constructor(options: ScalePixelsOptions) {
    super();
    record(this, 'ScalePixels', arguments);
    checkOptions('ScalePixels', options, ['levels']);
    checkInteger('ScalePixels', 'levels', options.levels, { min: 2 });
    this.levels = options.levels;
  }

  protected forward(x: Tensor): Tensor {
    return tf.sub(tf.mul(x, 2 / (this.levels - 1)), 1);
  }
}
