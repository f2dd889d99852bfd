import { asLayer } from '@dgm/core';
import type { Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Straight-through gradients of large steps do harm. */
const STEP = 0.1;

/** For the end of a coupling's network: makes what is put out small. */
export function gentle(): Layer {
  return asLayer((x) => tf.mul(x, STEP));
}

/**
 * The first layer of a network: maps values 0 to `levels` to [-1, 1], and leaves a context beside them as it is.
 * @param contextSize - the number of columns at the end that are the context
 */
export function centred(levels: number, contextSize = 0): Layer {
  const scaled = (x: Tensor): Tensor => tf.sub(tf.mul(x, 2 / levels), 1);
  if (contextSize === 0) return asLayer(scaled);
  return asLayer((x) => {
    const [values, context] = tf.split(x, [x.shape.at(-1)! - contextSize, contextSize], -1) as [
      Tensor,
      Tensor,
    ];
    return tf.concat([scaled(values), context], -1);
  });
}
