import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Sums a log-determinant over its last `count` axes: the elements of an event are transformed independently. */
export function sumLastAxes(logDet: Tensor, count: number): Tensor {
  if (count === 0) return logDet;
  return tf.sum(
    logDet,
    Array.from({ length: count }, (_, axis) => logDet.rank - count + axis),
  );
}
