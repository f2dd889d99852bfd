import * as tf from '@tensorflow/tfjs-core';
import type { DataId, KernelBackend } from '@tensorflow/tfjs-core';

/** The engine's record of which backend holds a tensor; public at run time, not in the types. */
interface Homes {
  readonly state: { readonly tensorInfo: WeakMap<object, { readonly backend: KernelBackend }> };
}

/** The backend that holds some data. */
export function homeOf(dataId: DataId): KernelBackend {
  return (tf.engine() as unknown as Homes).state.tensorInfo.get(dataId)!.backend;
}
