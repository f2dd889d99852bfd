import { asLayer } from '@dgm/core';
import type { Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Straight-through gradients of large steps destabilize training. */
const STEP = 0.1;

/** The last layer of a coupling's network: scales its outputs down. */
export function gentle(): Layer {
  return asLayer((x) => tf.mul(x, STEP));
}

/**
 * The first layer of a network: maps values from [0, levels] to [-1, 1] and leaves the context columns unchanged.
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
