import type { Key, Layer, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Draws the initial kernel of a dense layer, `[inputs, outputs]`. */
export type KernelDraw = (shape: Shape, key: Key) => Tensor;

/** Normal with the variance 2 / inputs (He et al., 2015). */
export const heNormal: KernelDraw = (shape, key) => tf.mul(Math.sqrt(2 / shape[0]!), key.normal(shape));

/** Uniform on $\pm\sqrt{6 / (\text{inputs} + \text{outputs})}$ (Glorot and Bengio, 2010). */
export const glorotUniform: KernelDraw = (shape, key) => {
  const bound = Math.sqrt(6 / (shape[0]! + shape[1]!));
  return key.uniform(shape, { min: -bound, max: bound });
};

/** The same network, whose dense kernels start as its authors drew them; biases stay PyTorch's. */
export function withInitialKernels(network: Layer, draw: KernelDraw, key: Key): Layer {
  for (const [path, variable] of network.parameters()) {
    if (!path.endsWith('kernel')) continue;
    tf.tidy(() => variable.assign(draw(variable.shape, key.fold(path))));
  }
  return network;
}
