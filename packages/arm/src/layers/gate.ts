import { sigmoid, tanh, withGradient } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The gated unit $z = \tanh(a) \odot \sigma(b)$ of the two halves (a, b) of the last axis (DGM Eq. 2.16), with its gradients
 * $dz\,(\sigma(b) - z \tanh(a))$ and $dz\,(z - z\,\sigma(b))$ written out: those of both factors would go over the tensors
 * nearly twice as often.
 */
export function gate(x: Tensor): Tensor {
  return withGradient(
    tf.split(x, 2, x.rank - 1),
    ([a, b]) => tf.mul(tanh(a!), sigmoid(b!)),
    (dz, [a, b]) => {
      const [signal, opening] = [tanh(a!), sigmoid(b!)];
      const z = tf.mul(signal, opening);
      return [tf.mul(dz, tf.sub(opening, tf.mul(z, signal))), tf.mul(dz, tf.sub(z, tf.mul(z, opening)))];
    },
  );
}
