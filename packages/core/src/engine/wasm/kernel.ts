import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { KernelConfig, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';

export type WasmBackend = BackendWasm;

/** What a kernel is called with. */
export interface KernelCall<Inputs, Attributes> {
  readonly inputs: Inputs;
  readonly backend: WasmBackend;
  readonly attrs: Attributes;
}

/** A kernel that takes the place of the one that the wasm backend ships under this name, if it ships one. */
export interface MendedKernel {
  readonly kernelName: string;
  kernel(shipped: KernelConfig['kernelFunc'] | undefined): KernelConfig['kernelFunc'];
}

/** Runs a kernel on tensors that tfjs does not track: the caller frees the result by `backend.disposeData`. */
export function runWasmKernel(
  name: string,
  backend: WasmBackend,
  inputs: NamedTensorInfoMap,
  attrs: NamedAttrMap,
): TensorInfo {
  return tf.getKernel(name, 'wasm').kernelFunc({ inputs, backend, attrs }) as TensorInfo;
}

/** A float tensor's memory. Valid until the next allocation, which may move the heap. */
export function floatsOf(backend: WasmBackend, tensor: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}
