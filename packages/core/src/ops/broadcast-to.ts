import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sameShape, sizeOf, type Shape } from '../shape/shape';

/** `value` broadcast to a shape, also to one without entries; `value` itself where it has the shape already. */
export function broadcastTo(value: Tensor, shape: Shape): Tensor {
  if (sameShape(value.shape, shape)) return value;
  // To an axis of size 0, `tf.broadcastTo` returns its input as it is.
  return sizeOf(shape) === 0 ? tf.add(value, tf.zeros([...shape])) : tf.broadcastTo(value, [...shape]);
}
