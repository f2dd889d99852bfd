import { backend_util } from '@tensorflow/tfjs-core';
import type { Conv2DBackpropInputAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { columnsToImages, filterSize, numPositions } from './columns';
import type { MendedKernel } from '../mended-kernel';
import type { KernelCall } from './kernel';
import { floatsOf, runWasmKernel } from './kernel';

/**
 * Conv2DBackpropInput for wasm, which is also the forward pass of a transposed convolution: the filter times the
 * gradient of the output, added up over the positions. The shipped kernel is a plain nest of loops.
 */
export const conv2dBackpropInput: MendedKernel = {
  kernelName: 'Conv2DBackpropInput',
  kernel(shipped) {
    const chosen = (call: Call): TensorInfo =>
      call.attrs.dataFormat === 'NHWC' ? kernelFunc(call) : (shipped as unknown as typeof chosen)(call);
    return chosen as unknown as KernelConfig['kernelFunc'];
  },
};

type Call = KernelCall<{ dy: TensorInfo; filter: TensorInfo }, Conv2DBackpropInputAttrs>;

function kernelFunc({
  inputs: { dy, filter },
  backend,
  attrs: { strides, pad, dimRoundingMode, inputShape },
}: Call): TensorInfo {
  const filterShape = filter.shape as [number, number, number, number];
  const conv = backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode);

  const columns = runWasmKernel(
    'BatchMatMul',
    backend,
    {
      a: { ...filter, shape: [filterSize(conv), conv.outChannels] },
      b: { ...dy, shape: [numPositions(conv), conv.outChannels] },
    },
    { transposeA: false, transposeB: true },
  );
  const gradient = backend.makeOutput(inputShape, 'float32');
  columnsToImages(floatsOf(backend, columns), conv, floatsOf(backend, gradient));
  backend.disposeData(columns.dataId);
  return gradient;
}
