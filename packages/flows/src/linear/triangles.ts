import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A matrix that is 1 strictly below, or strictly above, the diagonal and 0 elsewhere. */
export function strictTriangle(size: number, triangle: 'lower' | 'upper'): Tensor {
  const values = Float32Array.from({ length: size * size }, (_, index) => {
    const [row, column] = [Math.floor(index / size), index % size];
    return (triangle === 'lower' ? row > column : row < column) ? 1 : 0;
  });
  return tf.tensor2d(values, [size, size]);
}
