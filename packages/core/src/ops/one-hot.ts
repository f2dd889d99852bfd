import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkOptions } from '../check/check';

/**
 * One-hot vectors for indices that are kept as float32 numbers, as events of discrete distributions are.
 * @param indices - any shape, int32 or float32; integers in [0, depth). Others give a vector of zeros.
 * @param options - `depth`: how many values an index can take.
 * @returns float32 of the shape of `indices` with an axis of size `depth` at the end. No gradient flows to `indices`.
 */
export function oneHot(indices: Tensor, { depth, ...unknown }: { depth: number }): Tensor {
  checkOptions('oneHot', unknown, ['depth']);
  return tf.tidy(() => {
    const integers = tf.cast(indices, 'int32');
    // tfjs refuses a depth of 1, which a mixture of one component has.
    const bits = depth === 1 ? tf.expandDims(tf.equal(integers, 0), -1) : tf.oneHot(integers, depth);
    return tf.cast(bits, 'float32');
  });
}
