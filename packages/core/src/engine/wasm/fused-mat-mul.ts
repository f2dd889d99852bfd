import type { KernelConfig, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { MendedKernel } from '../mended-kernel';
import type { KernelCall } from './kernel';
import { transposeMatrices } from './transpose';

interface Attributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** `_FusedMatMul` for wasm: transposes first, for the reason that {@link batchMatMul} does. */
export const fusedMatMul: MendedKernel = {
  kernelName: '_FusedMatMul',
  kernel(shipped) {
    const kernelFunc = ({
      inputs,
      backend,
      attrs,
    }: KernelCall<NamedTensorInfoMap, Attributes>): TensorInfo => {
      const a = attrs.transposeA ? transposeMatrices(backend, inputs['a']!) : inputs['a']!;
      const b = attrs.transposeB ? transposeMatrices(backend, inputs['b']!) : inputs['b']!;
      const product = shipped!({
        inputs: { ...inputs, a, b },
        backend,
        attrs: { ...attrs, transposeA: false, transposeB: false },
      }) as TensorInfo;
      if (a !== inputs['a']) backend.disposeData(a.dataId);
      if (b !== inputs['b']) backend.disposeData(b.dataId);
      return product;
    };
    return kernelFunc as unknown as KernelConfig['kernelFunc'];
  },
};
