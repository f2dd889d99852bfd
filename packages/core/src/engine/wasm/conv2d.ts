import { backend_util } from '@tensorflow/tfjs-core';
import type { Conv2DAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { MendedKernel } from '../mended-kernel';
import type { KernelCall } from './kernel';

type Size4 = [number, number, number, number];

/**
 * Conv2D for wasm with `same` padding spelled out: told "same", the shipped kernel gives zeros, without a word, where
 * a stride is larger than the filter.
 */
export const conv2d: MendedKernel = {
  kernelName: 'Conv2D',
  kernel(shipped) {
    const kernelFunc = (call: KernelCall<{ x: TensorInfo; filter: TensorInfo }, Conv2DAttrs>): TensorInfo => {
      const { inputs, attrs } = call;
      const pad = attrs.pad === 'same' ? samePadding(inputs.x.shape, inputs.filter.shape, attrs) : attrs.pad;
      return (shipped as unknown as typeof kernelFunc)({ ...call, attrs: { ...attrs, pad } });
    };
    return kernelFunc as unknown as KernelConfig['kernelFunc'];
  },
};

function samePadding(
  x: number[],
  filter: number[],
  { strides, dilations }: Conv2DAttrs,
): backend_util.ExplicitPadding {
  const { padInfo } = backend_util.computeConv2DInfo(x as Size4, filter as Size4, strides, dilations, 'same');
  return [
    [0, 0],
    [padInfo.top, padInfo.bottom],
    [padInfo.left, padInfo.right],
    [0, 0],
  ];
}
