import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../construction/record';
import { stopGradient } from '../ops/stop-gradient';
import { checkKey, type Key } from '../random/key';
import { checkInteger, checkOptions } from '../check/check';
import { BaseLayer } from './layer';

export interface EmbeddingOptions {
  /** How many different values there are: the indices are 0 to `values` - 1. */
  readonly values: number;
  /** The size of a value's vector. */
  readonly features: number;
  /** Randomness for the initial vectors. */
  readonly key: Key;
}

/**
 * A learned vector for each of a number of values: maps indices `[...]`, int32 or float32, to `[..., features]`.
 * Initial vectors are standard normal, as PyTorch's.
 *
 * @example
 * ```ts
 * const layer = new Embedding({ values: 17, features: 8, key });
 * layer.apply(tf.tensor2d([[0, 16, 3]])); // [1, 3, 8]
 * ```
 */
export class Embedding extends BaseLayer {
  readonly values: number;
  readonly features: number;
  /** `[values, features]` */
  readonly vectors: Variable;

  constructor({ values, features, key, ...unknown }: EmbeddingOptions) {
    super();
    record(this, 'Embedding', arguments);
    checkOptions('Embedding', unknown, ['values', 'features', 'key']);
    checkKey('Embedding', key);
    checkInteger('Embedding', 'values', values);
    checkInteger('Embedding', 'features', features);
    this.values = values;
    this.features = features;
    this.vectors = this.parameter('vectors', key.fold('vectors').normal([values, features]));
  }

  protected forward(x: Tensor): Tensor {
    // An index has no gradient; tfjs would look for one where x is differentiated.
    const indices = x.dtype === 'int32' ? x : tf.cast(stopGradient(x), 'int32');
    return tf.gather(this.vectors, indices);
  }
}
