import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sizeOf } from '../shape/shape';
import { oneHot } from './one-hot';

/**
 * The index of the nearest vector of a codebook, $\arg\min_c \|e - v_c\|^2$; of equally near ones the first.
 * @param vectors - `[..., dims]`
 * @param codebook - `[codes, dims]`
 * @returns float32, `[...]`. No gradient flows through it.
 * @see Neural Discrete Representation Learning (van den Oord et al., 2017), Eq. 1
 */
export function nearestCodes(vectors: Tensor, codebook: Tensor): Tensor {
  return tf.tidy(() => {
    const lead = vectors.shape.slice(0, -1);
    const rows = tf.reshape(vectors, [sizeOf(lead), codebook.shape[1]!]);
    const products = tf.matMul(rows, codebook, false, true);
    // Without the squared length of e, which is the same for all c.
    const distances = tf.sub(tf.sum(tf.square(codebook), 1), tf.mul(2, products));
    return tf.cast(tf.reshape(tf.argMin(distances, 1), lead), 'float32');
  });
}

/**
 * The vectors $v_c$ of codes, computed as a product so that the gradient reaches the codebook.
 * @param codes - indices, `[...]`. An index that there is not has a vector of zeros.
 * @param codebook - `[codes, dims]`
 * @returns `[..., dims]`
 */
export function codeVectors(codes: Tensor, codebook: Tensor): Tensor {
  return tf.tidy(() => {
    const [depth, dims] = codebook.shape as [number, number];
    const chosen = oneHot(tf.reshape(codes, [-1]), { depth });
    return tf.reshape(tf.matMul(chosen, codebook), [...codes.shape, dims]);
  });
}
