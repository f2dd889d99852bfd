import { backend_util, util } from '@tensorflow/tfjs-core';
import type { Conv2DBackpropFilterAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { filterSize, imagesToColumns, numPositions } from './columns';
import type { MendedKernel } from '../mended-kernel';
import type { KernelCall } from './kernel';
import { floatsOf, runWasmKernel } from './kernel';

/** Conv2DBackpropFilter, which the wasm backend lacks: the images as columns times the gradient of the output. */
export const conv2dBackpropFilter: MendedKernel = {
  kernelName: 'Conv2DBackpropFilter',
  kernel: () => kernelFunc as unknown as KernelConfig['kernelFunc'],
};

function kernelFunc({
  inputs: { x, dy },
  backend,
  attrs: { strides, pad, dataFormat, dimRoundingMode, filterShape },
}: KernelCall<{ x: TensorInfo; dy: TensorInfo }, Conv2DBackpropFilterAttrs>): TensorInfo {
  // The forward pass of the wasm backend knows no other order of the axes either.
  util.assert(dataFormat === 'NHWC', () => `Conv2DBackpropFilter: ${dataFormat} is not supported on wasm`);
  const shape = x.shape as [number, number, number, number];
  const conv = backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);

  const columns = backend.makeOutput([filterSize(conv), numPositions(conv)], 'float32');
  imagesToColumns(floatsOf(backend, x), conv, floatsOf(backend, columns));
  const gradient = runWasmKernel(
    'BatchMatMul',
    backend,
    { a: columns, b: { ...dy, shape: [numPositions(conv), conv.outChannels] } },
    { transposeA: false, transposeB: false },
  );
  backend.disposeData(columns.dataId);
  return { ...gradient, shape: filterShape };
}
