import { asLayer } from '@dgm/core';
import type { Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The numbers of each element, `[n, elements * numbers]`, times the one scale for each of them, and plus its shift: how a
 * transformer comes to see them where a publication counts in other units.
 */
export function rescaled(scales: readonly number[], shifts: readonly number[] = scales.map(() => 0)): Layer {
  return asLayer((x) => {
    const numbers = tf.reshape(x, [-1, scales.length]);
    return tf.reshape(tf.add(tf.mul(numbers, [...scales]), [...shifts]), x.shape);
  });
}
