import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { leadingShape } from '../shape/shape';
import { checkInteger, checkNumber, checkOptions } from '../check/check';
import { BaseLayer } from './layer';
import { standardize } from './standardize';

export interface LayerNormOptions {
  /** The size of the last axis. */
  readonly features: number;
  /** Added to the variance. @defaultValue 1e-5 */
  readonly epsilon?: number;
}

/**
 * Normalizes the last axis: $y = \gamma\,(x - \mu) / \sqrt{\sigma^2 + \epsilon} + \beta$ with the mean $\mu$ and the
 * (biased) variance $\sigma^2$ of each vector. $\gamma$ (`scale`) starts at 1 and $\beta$ (`shift`) at 0.
 * @see Layer Normalization (Ba, Kiros and Hinton, 2016), Eq. 4
 *
 * @example
 * ```ts
 * const layer = new LayerNorm({ features: 64 });
 * layer.apply(x); // [4, 64]
 * ```
 */
export class LayerNorm extends BaseLayer {
  readonly features: number;
  readonly scale: Variable;
  readonly shift: Variable;
  readonly #epsilon: number;

  constructor({ features, epsilon = 1e-5, ...unknown }: LayerNormOptions) {
    super();
    record(this, 'LayerNorm', arguments);
    checkOptions('LayerNorm', unknown, ['features', 'epsilon']);
    checkNumber('LayerNorm', 'epsilon', epsilon, { min: 0 });
    checkInteger('LayerNorm', 'features', features);
    this.features = features;
    this.#epsilon = epsilon;
    this.scale = this.parameter('scale', tf.ones([features]));
    this.shift = this.parameter('shift', tf.zeros([features]));
  }

  protected override validate(x: Tensor): void {
    leadingShape(x.shape, [this.features], 'LayerNorm.apply', 'x');
  }

  protected forward(x: Tensor): Tensor {
    return tf.add(tf.mul(standardize(x, [-1], this.#epsilon), this.scale), this.shift);
  }
}
