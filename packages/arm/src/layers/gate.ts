import { sigmoid, tanh } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The gated unit $\tanh(a) \odot \sigma(b)$ of the two halves (a, b) of the last axis (DGM Eq. 2.16). */
export function gate(x: Tensor): Tensor {
  const [signal, opening] = tf.split(x, 2, x.rank - 1);
  return tf.mul(tanh(signal!), sigmoid(opening!));
}
