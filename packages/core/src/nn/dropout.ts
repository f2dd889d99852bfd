import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkNumber, checkOptions, checkThat } from '../check/check';
import { record } from '../construction/record';
import { BaseLayer, type CallOptions } from './layer';

export interface DropoutOptions {
  /** The probability with which an entry is set to 0 while training, in [0, 1). */
  readonly rate: number;
}

/**
 * While training, sets entries to 0 at random and divides the others by the probability to stay, so that the mean
 * remains; otherwise the identity. The call has to bring a `key` while training.
 * @see Dropout: A Simple Way to Prevent Neural Networks from Overfitting (Srivastava et al., 2014)
 *
 * @example
 * ```ts
 * const layer = new Dropout({ rate: 0.2 });
 * layer.apply(x, { training: true, key }); // x itself without training
 * ```
 */
export class Dropout extends BaseLayer {
  readonly rate: number;

  constructor({ rate, ...unknown }: DropoutOptions) {
    super();
    record(this, 'Dropout', arguments);
    checkOptions('Dropout', unknown, ['rate']);
    checkNumber('Dropout', 'rate', rate, { min: 0, below: 1 });
    this.rate = rate;
  }

  /** @throws {@link ArgumentError} if the call is for training and has no key. */
  protected forward(x: Tensor, { training = false, key }: CallOptions): Tensor {
    if (!training || this.rate === 0) return x;
    checkThat('Dropout.apply', 'call.key', key !== undefined, {
      expected: 'to be a Key while training',
      actual: 'undefined',
      remedy: 'pass { training: true, key } to apply',
    });
    const stays = 1 - this.rate;
    return tf.mul(x, key.bernoulli(x.shape, stays, { value: 1 / stays }));
  }
}
