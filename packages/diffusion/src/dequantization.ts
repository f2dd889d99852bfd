import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** $2 (x + u) / \text{levels} - 1$ with uniform noise u, for integers x; real numbers as they are. */
export function scaledWithNoise(x: Tensor, levels: number | undefined, key: Key): Tensor {
  if (levels === undefined) return x;
  return tf.sub(tf.mul(2 / levels, tf.add(x, key.uniform(x.shape))), 1);
}

/** The way back: the level in whose interval each entry lies. */
export function toLevels(z: Tensor, levels: number | undefined): Tensor {
  if (levels === undefined) return tf.clone(z);
  const value = tf.floor(tf.mul(levels / 2, tf.add(z, 1)));
  return tf.minimum(levels - 1, tf.maximum(0, value));
}
