import type { Tensor } from '@tensorflow/tfjs-core';
import type { DType } from '../../src/graph/graph';
import type { InputSpec } from '../../src/index';

/** The shape and type of a tensor, as `compile` wants them. */
export function specOf({ shape, dtype }: Tensor): InputSpec {
  return { shape, dtype: dtype as DType };
}
