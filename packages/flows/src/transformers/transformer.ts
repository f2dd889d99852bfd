import type { ForwardResult, InverseResult } from '@dgm/core';
import { checkThat, formatShape, ShapeError } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * A family of increasing maps of numbers, one for each value of its parameters: what couplings and autoregressive layers
 * do to each element, once a network has said with which parameters.
 *
 * Elements are of any shape S, parameters of shape `[...S, numParameters]`, log-slopes of shape S. At parameters of 0 a
 * map is the identity, or as near to it as the family gets.
 */
export interface Transformer {
  readonly numParameters: number;
  forward(z: Tensor, parameters: Tensor): ForwardResult;
  inverse(y: Tensor, parameters: Tensor): InverseResult;
}

/** The parameters of each element, out of what a network put out for events `[n, ...shape]`. */
export function parametersFor(transformer: Transformer, output: Tensor, like: Tensor, where: string): Tensor {
  const wanted = like.size * transformer.numParameters;
  checkThat(where, 'network', output.size === wanted, {
    error: ShapeError,
    expected: `to put out ${transformer.numParameters} numbers for each element of ${formatShape(like.shape)}`,
    actual: formatShape(output.shape),
  });
  return tf.reshape(output, [...like.shape, transformer.numParameters]);
}

/** Cuts the last axis into its entries: P tensors of the shape in front of it. */
export function unstackLast(parameters: Tensor): Tensor[] {
  const shape = parameters.shape.slice(0, -1);
  return tf.split(parameters, parameters.shape.at(-1)!, -1).map((part) => tf.reshape(part, shape));
}
