import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { sameShape, sizeOf } from '../../shape/shape';
import type { MendedKernel } from '../mended-kernel';
import type { KernelCall } from './kernel';
import { floatsOf } from './kernel';

/**
 * The larger or smaller of two tensors of one shape. The shipped kernels look up the place of each number by its
 * coordinates, which takes five times as long as this loop.
 */
function extremum(kernelName: string, choose: (a: Float32Array, b: Float32Array, out: Float32Array) => void) {
  const mended: MendedKernel = {
    kernelName,
    kernel(shipped) {
      const kernelFunc = (call: KernelCall<{ a: TensorInfo; b: TensorInfo }, object>): TensorInfo => {
        const { inputs, backend } = call;
        const { a, b } = inputs;
        if (a.dtype !== 'float32' || !sameShape(a.shape, b.shape) || sizeOf(a.shape) === 0) {
          return (shipped as unknown as typeof kernelFunc)(call);
        }
        const out = backend.makeOutput(a.shape, 'float32');
        choose(floatsOf(backend, a), floatsOf(backend, b), floatsOf(backend, out));
        return out;
      };
      return kernelFunc as unknown as KernelConfig['kernelFunc'];
    },
  };
  return mended;
}

export const maximum = extremum('Maximum', (a, b, out) => {
  for (let i = 0; i < out.length; i++) out[i] = Math.max(a[i]!, b[i]!);
});

export const minimum = extremum('Minimum', (a, b, out) => {
  for (let i = 0; i < out.length; i++) out[i] = Math.min(a[i]!, b[i]!);
});
