import * as tf from '@tensorflow/tfjs-core';
import type { Data, DType } from '../graph/graph';
import { constantValue } from '../graph/graph';
import type { Attributes, Value } from '../graph/graph';

/** Kernels without inputs: they are constants as soon as they are captured. */
export const constantKernels: Readonly<Record<string, (attributes: Attributes) => Value>> = {
  Fill: (attributes) => {
    const shape = attributes['shape'] as number[];
    const dtype = (attributes['dtype'] as DType | undefined) ?? 'float32';
    const data = tf.util.makeZerosTypedArray(tf.util.sizeFromShape(shape), dtype) as Data;
    return constantValue(data.fill(Number(attributes['value'])), shape, dtype);
  },
  Range: (attributes) => {
    const { start, stop, step, dtype } = attributes as {
      start: number;
      stop: number;
      step: number;
      dtype: DType;
    };
    const size = Math.max(0, Math.ceil((stop - start) / step));
    const data = tf.util.makeZerosTypedArray(size, dtype) as Data;
    return constantValue(
      data.map((_: number, index: number) => start + index * step),
      [size],
      dtype,
    );
  },
};
