import type { OnnxBuilder } from './onnx-builder';
import { outputPadding, poolingGeometry, windowAttributes } from './convolution-geometry';
import type { Geometry } from './convolution-geometry';
import type { Kernel, KernelTable } from './kernel';
import { toChannelsFirst, toChannelsLast } from './layout';

function pool(op: string, attributes: Readonly<Record<string, number>> = {}): Kernel {
  return {
    inputs: ['x'],
    infer: ([x], given) => [{ shape: poolingGeometry(x!.shape, given).outShape, dtype: x!.dtype }],
    lower: ({ onnx, names, inputs, attributes: given }) => {
      const window = windowAttributes(poolingGeometry(inputs[0]!.shape, given));
      const pooled = onnx.node(op, [toChannelsFirst(onnx, names[0]!)], { ...window, ...attributes });
      return [toChannelsLast(onnx, pooled)];
    },
  };
}

/** Pools and their gradients. */
export const poolKernels: KernelTable = {
  MaxPool: pool('MaxPool'),
  AvgPool: pool('AveragePool', { count_include_pad: 0 }),
  MaxPoolGrad: {
    inputs: ['dy', 'input'],
    note: 'to the first maximum of each window',
    infer: ([, x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    lower: ({ onnx, names, inputs, attributes }) => {
      const geometry = poolingGeometry(inputs[1]!.shape, attributes);
      const taps = geometry.filterHeight * geometry.filterWidth;
      const [dy, x] = [outputImages(onnx, names[0]!, geometry), inputImages(onnx, names[1]!, geometry)];
      // MaxPool could say where its maxima lie, but not on WebGPU.
      const winner = onnx.node('ArgMax', [windows(onnx, x, geometry)], { axis: 1, keepdims: 1 });
      const every = onnx.vector([...new Array(taps).keys()], 'int32');
      const isWinner = onnx.node('Equal', [onnx.cast(winner, 'int32'), onnx.reshape(every, [1, taps, 1, 1])]);
      const shares = onnx.node('Mul', [onnx.cast(isWinner, 'float32'), dy]);
      const identity = Array.from({ length: taps ** 2 }, (_, at) => (at % (taps + 1) === 0 ? 1 : 0));
      return [putBack(onnx, shares, identity, geometry)];
    },
  },
  AvgPoolGrad: {
    inputs: ['dy', 'input'],
    note: "divides by the whole window at the edges too, as tfjs's backends do",
    infer: ([, x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    lower: ({ onnx, names, inputs, attributes }) => {
      const geometry = poolingGeometry(inputs[1]!.shape, attributes);
      const size = geometry.filterHeight * geometry.filterWidth;
      const images = outputImages(onnx, names[0]!, geometry);
      return [putBack(onnx, images, new Array<number>(size).fill(1 / size), geometry)];
    },
  },
};

/** A pool's input with each channel as an image of its own, `[n channels, 1, height, width]`. */
function inputImages(onnx: OnnxBuilder, x: string, geometry: Geometry): string {
  const { batchSize, inChannels, inHeight, inWidth } = geometry;
  return onnx.reshape(toChannelsFirst(onnx, x), [batchSize * inChannels, 1, inHeight, inWidth]);
}

/** The same of its output. */
function outputImages(onnx: OnnxBuilder, y: string, geometry: Geometry): string {
  const { batchSize, inChannels, outHeight, outWidth } = geometry;
  return onnx.reshape(toChannelsFirst(onnx, y), [batchSize * inChannels, 1, outHeight, outWidth]);
}

/** What each window sees, `[images, taps, outHeight, outWidth]`; beyond the edges nothing that could be a maximum. */
function windows(onnx: OnnxBuilder, images: string, geometry: Geometry): string {
  const { filterHeight, filterWidth, strideHeight, strideWidth, outHeight, outWidth } = geometry;
  const { top, left, bottom, right } = geometry.padInfo;
  const pads = onnx.int64([0, 0, top, left, 0, 0, bottom, right]);
  const padded = onnx.node('Pad', [images, pads, onnx.scalar(-Infinity, 'float32')]);
  const seen = (row: number, column: number) =>
    onnx.node('Slice', [
      padded,
      onnx.int64([row, column]),
      onnx.int64([row + (outHeight - 1) * strideHeight + 1, column + (outWidth - 1) * strideWidth + 1]),
      onnx.int64([2, 3]),
      onnx.int64([strideHeight, strideWidth]),
    ]);
  const taps = Array.from({ length: filterHeight * filterWidth }, (_, tap) =>
    seen(Math.floor(tap / filterWidth), tap % filterWidth),
  );
  return onnx.node('Concat', taps, { axis: 1 });
}

/** Adds `[images, k, outHeight, outWidth]` up where the windows lie, by weights `[k, 1, filterHeight, filterWidth]`. */
function putBack(onnx: OnnxBuilder, y: string, weights: readonly number[], geometry: Geometry): string {
  const { batchSize, inChannels, inHeight, inWidth, filterHeight, filterWidth } = geometry;
  const kernel = [weights.length / (filterHeight * filterWidth), 1, filterHeight, filterWidth];
  const dx = onnx.node('ConvTranspose', [y, onnx.reshape(onnx.vector(weights, 'float32'), kernel)], {
    ...windowAttributes(geometry),
    output_padding: outputPadding(geometry),
  });
  return toChannelsLast(onnx, onnx.reshape(dx, [batchSize, inChannels, inHeight, inWidth]));
}
