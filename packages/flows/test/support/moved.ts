import { Key, trainable, type Module } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';

/** Moves every variable, so that a map that starts as the identity is none. */
export function moved<M extends Module>(module: M, size = 0.5): M {
  tf.tidy(() => {
    [...trainable(module).values()].forEach((variable, index) => {
      const step = tf.mul(size, Key.of(index).normal(variable.shape));
      variable.assign(tf.add(variable, step));
    });
  });
  return module;
}
