import { asLayer, softplus } from '@dgm/core';
import type { Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Rows of bits, for a dense network. */
export const flattened = (): Layer => asLayer((x) => tf.reshape(x, [x.shape[0]!, -1]));

/** What a network puts out for a normal, its second half made log-variances. */
export function withLogVariances(toLogVariance: (raw: Tensor) => Tensor): Layer {
  return asLayer((x) => {
    const [mean, raw] = tf.split(x, 2, 1);
    return tf.concat([mean!, toLogVariance(raw!)], 1);
  });
}

/** The log-variance where the network says $\sigma^2$ by a softplus. */
export const softplusVariance = (raw: Tensor): Tensor => tf.log(softplus(raw));

/** The log-variance where the network says $\sigma$ by a softplus. */
export const softplusDeviation = (raw: Tensor): Tensor => tf.mul(2, tf.log(softplus(raw)));
