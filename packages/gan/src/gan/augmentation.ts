import { checkNumber, checkOptions } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';

/**
 * A random change of examples that the generator's gradient flows through, `[n, ...event]` to the same shape. The critic sees real
 * examples and fakes after it, so that few data are not learned by heart.
 * @see Differentiable Augmentation for Data-Efficient GAN Training (Zhao et al., 2020), Eq. 4-6
 */
export type Augmentation = (x: Tensor, key: Key) => Tensor;

/**
 * Instance noise: adds normal noise, so that the distributions of data and fakes overlap.
 * @param options - `std`, in the unit that the networks see
 * @see Amortised MAP Inference for Image Super-resolution (Sønderby et al., 2017), §4
 *
 * @example
 * ```ts
 * const model = gan({
 *   latent: 2,
 *   generator: mlp([2, 64, 2], { key: key.fold('generator') }),
 *   critic: mlp([2, 64, 1], { key: key.fold('critic') }),
 *   augment: instanceNoise({ std: 0.1 }),
 * });
 * ```
 */
export function instanceNoise(options: { readonly std: number }): Augmentation {
  checkOptions('instanceNoise', options, ['std']);
  checkNumber('instanceNoise', 'std', options.std, { min: 0 });
  const augmentation: Augmentation = (x, key) =>
    tf.tidy(() => tf.add(x, tf.mul(key.normal(x.shape), options.std)));
  return record(augmentation, 'instanceNoise', arguments);
}
