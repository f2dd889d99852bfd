import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './kernel';
import { runWasmKernel } from './kernel';

/** Swaps the last two axes into a tensor that the caller frees. */
export function transposeMatrices(backend: WasmBackend, x: TensorInfo): TensorInfo {
  const rank = x.shape.length;
  const perm = [...x.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2);
  return runWasmKernel('Transpose', backend, { x }, { perm });
}
