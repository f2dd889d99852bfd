import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';

/**
 * $1 - \beta^t$ in float32 without cancellation.
 *
 * At $\beta = 0.999, t = 1$ the direct formula has only four right digits. With $h = \tanh(-\tfrac12 t \ln \beta)$
 * it is $2h / (1 + h)$, of ops that every backend has.
 */
export function biasCorrection(beta: number, step: Scalar): Scalar {
  return tf.tidy(() => {
    const h = tf.tanh(tf.mul(step, -0.5 * Math.log(beta)));
    return tf.div(tf.mul(h, 2), tf.add(h, 1));
  });
}
