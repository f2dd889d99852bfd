import type { Module } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';

/** Sets every variable of a module to 0: as the last layer of a conditioner it makes a layer start as the identity. */
export function startAtZero<M extends Module>(module: M): M {
  for (const variable of module.parameters().values()) {
    tf.tidy(() => variable.assign(tf.zerosLike(variable)));
  }
  return module;
}
