import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Examples } from '../dataset';

/**
 * The raw values of all examples, as models take them.
 * @returns float32 `[count, ...shape]`, owned by the caller
 */
export function toTensor(examples: Examples): Tensor {
  return tf.tensor(Float32Array.from(examples.values), [examples.count, ...examples.shape], 'float32');
}
