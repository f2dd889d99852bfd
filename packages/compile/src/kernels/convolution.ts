import type { OnnxBuilder } from './onnx-builder';
import {
  convolutionAttributes,
  convolutionGeometry,
  outputPadding,
  windowAttributes,
} from './convolution-geometry';
import type { Geometry } from './convolution-geometry';
import type { KernelTable, LoweringCall } from './kernel';
import { toChannelsFirst, toChannelsLast } from './layout';
import { patches } from './patches';
import { spread, spreadFilterGradient } from './spread';

/**
 * Whether the WebGPU provider of ONNX Runtime 1.30 convolves to wrong numbers: it reads input channels in threes wherever
 * their number allows it and is not 3. A product with patches is right there.
 */
function isMisread({ inChannels, outChannels }: Geometry): boolean {
  return inChannels > 3 && inChannels % 3 === 0 && inChannels % 4 !== 0 && outChannels % 4 === 0;
}

function convolve(call: LoweringCall, geometry: Geometry): string {
  const { onnx, names, outputs } = call;
  const [x, filter, ...bias] = names as [string, string, ...string[]];
  const { filterHeight, filterWidth, inChannels, outChannels } = geometry;
  if (call.attributes['form'] === 'spread') return spread(onnx, [x, filter], geometry);
  if (call.attributes['form'] === 'product' || isMisread(geometry)) {
    const matrix = onnx.reshape(filter, [filterHeight * filterWidth * inChannels, outChannels]);
    const operands = [patches(onnx, x, geometry), matrix, ...bias];
    const product = onnx.node('Gemm', operands, { transA: 0, transB: 0 });
    const { batchSize, outHeight, outWidth } = geometry;
    return onnx.reshape(product, outputs[0]!.shape, [batchSize * outHeight * outWidth, outChannels]);
  }
  const weights = onnx.node('Transpose', [filter], { perm: [3, 2, 0, 1] });
  const y = onnx.node('Conv', [toChannelsFirst(onnx, x), weights, ...bias], {
    ...convolutionAttributes(geometry),
  });
  return toChannelsLast(onnx, y);
}

/** `[height, width, channels, multiplier]` as one group of filters per channel. */
function groupedFilter(onnx: OnnxBuilder, filter: string, shape: readonly number[]): string {
  const [height, width, channels, multiplier] = shape as [number, number, number, number];
  const perChannel = onnx.node('Transpose', [filter], { perm: [2, 3, 0, 1] });
  return onnx.reshape(perChannel, [channels * multiplier, 1, height, width]);
}

/**
 * The gradient of a depthwise convolution, channels first: a transposed convolution for each of a channel's outputs, then
 * their sum. A single one with all outputs gives wrong numbers on WebGPU in ONNX Runtime 1.30.
 */
function depthwiseInputGradient(
  onnx: OnnxBuilder,
  [dy, filter]: readonly string[],
  [height, width, channels, multiplier]: readonly number[],
  geometry: Geometry,
): string {
  const { batchSize, outHeight, outWidth } = geometry;
  const result = [batchSize, outHeight, outWidth, channels!];
  const dyByOutput = onnx.reshape(dy!, [...result, multiplier!]);
  const pick = (name: string, index: number, axis: number) =>
    onnx.node('Slice', [name, ...[index, index + 1, axis].map((bound) => onnx.int64([bound]))]);
  const gradients = Array.from({ length: multiplier! }, (_, index) =>
    onnx.node(
      'ConvTranspose',
      [
        toChannelsFirst(onnx, onnx.reshape(pick(dyByOutput, index, 4), result)),
        groupedFilter(onnx, pick(filter!, index, 3), [height!, width!, channels!, 1]),
      ],
      {
        ...convolutionAttributes(geometry),
        output_padding: outputPadding(geometry),
        group: channels!,
      },
    ),
  );
  return gradients.reduce((sum, gradient) => onnx.node('Add', [sum, gradient]));
}

/** Convolutions and their gradients. */
export const convolutionKernels: KernelTable = {
  Conv2D: {
    inputs: ['x', 'filter'],
    note: 'NHWC only; a product with patches, or summed from one with all taps, from 32 input channels on',
    infer: ([x, filter], attributes) => [
      { shape: convolutionGeometry(x!.shape, filter!.shape, attributes).outShape, dtype: x!.dtype },
    ],
    lower: (call) => {
      const [x, filter] = call.inputs;
      return [convolve(call, convolutionGeometry(x!.shape, filter!.shape, call.attributes))];
    },
  },
  Conv2DBackpropInput: {
    inputs: ['dy', 'filter'],
    note: 'no dilation',
    infer: ([dy], attributes) => [{ shape: attributes['inputShape'] as number[], dtype: dy!.dtype }],
    lower: ({ onnx, names, inputs, outputs, attributes }) => {
      const geometry = convolutionGeometry(outputs[0]!.shape, inputs[1]!.shape, attributes);
      const weights = onnx.node('Transpose', [names[1]!], { perm: [3, 2, 0, 1] });
      const dx = onnx.node('ConvTranspose', [toChannelsFirst(onnx, names[0]!), weights], {
        ...windowAttributes(geometry),
        output_padding: outputPadding(geometry),
      });
      return [toChannelsLast(onnx, dx)];
    },
  },
  Conv2DBackpropFilter: {
    inputs: ['x', 'dy'],
    note: 'shares its patches with Conv2D',
    infer: ([x], attributes) => [{ shape: attributes['filterShape'] as number[], dtype: x!.dtype }],
    lower: ({ onnx, names, inputs, outputs, attributes }) => {
      const geometry = convolutionGeometry(inputs[0]!.shape, outputs[0]!.shape, attributes);
      if (attributes['form'] === 'spread') return [spreadFilterGradient(onnx, names, geometry)];
      const { batchSize, outHeight, outWidth, outChannels } = geometry;
      const dy = onnx.reshape(names[1]!, [batchSize * outHeight * outWidth, outChannels]);
      const seen = patches(onnx, names[0]!, geometry);
      const sum = (a: string, b: string) => onnx.node('Gemm', [a, b], { transA: 1, transB: 0 });
      if (attributes['transposeDy'] !== true) return [onnx.reshape(sum(seen, dy), outputs[0]!.shape)];
      const [height, width, inChannels] = outputs[0]!.shape as [number, number, number];
      const byOutput = onnx.reshape(sum(dy, seen), [outChannels, height, width, inChannels]);
      return [onnx.node('Transpose', [byOutput], { perm: [1, 2, 3, 0] })];
    },
  },
  DepthwiseConv2dNative: {
    inputs: ['x', 'filter'],
    infer: ([x, filter], attributes) => [
      { shape: convolutionGeometry(x!.shape, filter!.shape, attributes, true).outShape, dtype: x!.dtype },
    ],
    lower: ({ onnx, names, inputs, attributes }) => {
      const geometry = convolutionGeometry(inputs[0]!.shape, inputs[1]!.shape, attributes, true);
      const y = onnx.node(
        'Conv',
        [toChannelsFirst(onnx, names[0]!), groupedFilter(onnx, names[1]!, inputs[1]!.shape)],
        { ...convolutionAttributes(geometry), group: geometry.inChannels },
      );
      return [toChannelsLast(onnx, y)];
    },
  },
  DepthwiseConv2dNativeBackpropInput: {
    inputs: ['dy', 'filter'],
    infer: ([dy], attributes) => [{ shape: attributes['inputShape'] as number[], dtype: dy!.dtype }],
    lower: ({ onnx, names, inputs, outputs, attributes }) => {
      const geometry = convolutionGeometry(outputs[0]!.shape, inputs[1]!.shape, attributes, true);
      return [toChannelsLast(onnx, depthwiseInputGradient(onnx, names, inputs[1]!.shape, geometry))];
    },
  },
  DepthwiseConv2dNativeBackpropFilter: {
    inputs: ['x', 'dy'],
    infer: ([x], attributes) => [{ shape: attributes['filterShape'] as number[], dtype: x!.dtype }],
    lower: ({ onnx, names, inputs, outputs, attributes }) => {
      const geometry = convolutionGeometry(inputs[0]!.shape, outputs[0]!.shape, attributes, true);
      const { batchSize, outHeight, outWidth, inChannels, filterHeight, filterWidth } = geometry;
      const rows = batchSize * outHeight * outWidth;
      const multiplier = outputs[0]!.shape[3]!;
      const seen = onnx.reshape(patches(onnx, names[0]!, geometry), [
        rows,
        filterHeight * filterWidth,
        inChannels,
        1,
      ]);
      const dy = onnx.reshape(names[1]!, [rows, 1, inChannels, multiplier]);
      const sum = onnx.node('ReduceSum', [onnx.node('Mul', [seen, dy]), onnx.int64([0])], { keepdims: 0 });
      return [onnx.reshape(sum, outputs[0]!.shape)];
    },
  },
};
