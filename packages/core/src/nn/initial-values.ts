import type { Tensor } from '@tensorflow/tfjs-core';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';

/**
 * Uniform on $\pm 1/\sqrt{\text{fanIn}}$: what PyTorch draws for the kernels *and* the biases of linear,
 * convolutional and recurrent layers (there written as Kaiming-uniform with $a = \sqrt 5$).
 * @param fanIn - the number of inputs that one output sums over
 */
export function uniformByFanIn(key: Key, shape: Shape, fanIn: number): Tensor {
  const bound = 1 / Math.sqrt(fanIn);
  return key.uniform(shape, { min: -bound, max: bound });
}

/**
 * Uniform on $\pm\sqrt{6 / (\text{fanIn} + \text{fanOut})}$.
 * @see Understanding the difficulty of training deep feedforward neural networks (Glorot and Bengio, 2010)
 */
export function xavierUniform(key: Key, shape: Shape, fanIn: number, fanOut: number): Tensor {
  const bound = Math.sqrt(6 / (fanIn + fanOut));
  return key.uniform(shape, { min: -bound, max: bound });
}
