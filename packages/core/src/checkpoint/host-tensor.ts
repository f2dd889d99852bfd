import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '@tensorflow/tfjs-core';
import type { Shape } from '../shape/shape';

/** The types of values that are stored and read back. */
export type HostDtype = 'float32' | 'int32' | 'bool';

/** A tensor's values in host memory; never changed after it was made. */
export interface HostTensor {
  readonly dtype: HostDtype;
  readonly shape: Shape;
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** Copies variables to the host. */
export async function readVariables(
  variables: ReadonlyMap<string, Variable>,
): Promise<ReadonlyMap<string, HostTensor>> {
  const entries = [...variables].map(async ([path, variable]) => {
    const dtype = variable.dtype as HostDtype;
    const values = inItsType(dtype, (await variable.data()) as HostTensor['values']);
    return [path, { dtype, shape: variable.shape, values }] as const;
  });
  return new Map(await Promise.all(entries));
}

/** The cpu backend casts integers to float32 by calling them that: the array stays one of integers. */
function inItsType(dtype: HostDtype, values: HostTensor['values']): HostTensor['values'] {
  return dtype === 'float32' && !(values instanceof Float32Array) ? Float32Array.from(values) : values;
}

/** Gives variables the values of the host tensors of the same paths. Shapes must fit. */
export function assignVariables(
  variables: ReadonlyMap<string, Variable>,
  values: ReadonlyMap<string, HostTensor>,
): void {
  tf.tidy(() => {
    for (const [path, variable] of variables) {
      const value = values.get(path)!;
      variable.assign(tf.tensor(value.values, [...value.shape], value.dtype));
    }
  });
}
