import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The integers from 0 to `levels` - 1 as numbers from -1 to 1. */
export function toUnitRange(x: Tensor, levels: number): Tensor {
  return tf.sub(tf.mul(x, 2 / (levels - 1)), 1);
}

/** The integers nearest to numbers from -1 to 1; what lies outside goes to the nearer end. */
export function fromUnitRange(x: Tensor, levels: number): Tensor {
  const scaled = tf.mul(tf.add(x, 1), (levels - 1) / 2);
  return tf.clipByValue(tf.floor(tf.add(scaled, 0.5)), 0, levels - 1);
}
