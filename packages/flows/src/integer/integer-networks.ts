import { asLayer } from '@dgm/core';
import type { Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';

/** Straight-through gradients of large steps do harm. */
const STEP = 0.1;

/** For the end of a coupling's network: makes what is put out small. */
export function gentle(): Layer {
  return asLayer((x) => tf.mul(x, STEP));
}

/** For the start of a network: values 0 to `levels` in [-1, 1]. */
export function centred(levels: number): Layer {
  return asLayer((x) => tf.sub(tf.mul(x, 2 / levels), 1));
}
