import { convolutionAttributes } from './convolution-geometry';
import type { Geometry } from './convolution-geometry';
import type { Kernel } from './kernel';

/** What passes put in the place of several kernels of tfjs, which has none of its own: lowered, never captured. */
export const fusedKernels: Readonly<Record<string, Pick<Kernel, 'lower'>>> = {
  /** The number at an index, of one column, along the last axis. */
  PickLast: {
    lower: ({ onnx, names }) => [onnx.node('GatherElements', names, { axis: -1 })],
  },
  /** The sum of the squares of all numbers. */
  SumOfSquares: {
    lower: ({ onnx, names }) => [onnx.node('ReduceSumSquare', names, { keepdims: 0 })],
  },
  /** Each vector of the last axis with mean 0 and variance 1, and the reciprocals of what they were divided by. */
  Standardize: {
    lower: ({ onnx, names, inputs, attributes }) => {
      const ones = onnx.vector(new Array<number>(inputs[0]!.shape.at(-1)!).fill(1), 'float32');
      const epsilon = { float: Number(attributes['epsilon']) };
      const [normal, , precision] = onnx.nodes('LayerNormalization', [names[0]!, ones], 3, {
        axis: -1,
        epsilon,
      });
      return [normal!, precision!];
    },
  },
  /** Each row of `[n, rows, columns]` times a number for that row, plus another. */
  AffineRows: {
    lower: ({ onnx, names, inputs }) => {
      const moment = (value: number) =>
        onnx.vector(new Array<number>(inputs[1]!.shape[0]!).fill(value), 'float32');
      return [onnx.node('BatchNormalization', [...names, moment(0), moment(1)], { epsilon: { float: 0 } })];
    },
  },
  /** Numbers above a least one, and 0 for the others. */
  Threshold: {
    lower: ({ onnx, names, attributes }) => [
      onnx.node('ThresholdedRelu', names, { alpha: { float: Number(attributes['least']) } }),
    ],
  },
  /** 1 where a number is positive, else 0. Only denormal numbers end up in between. */
  HardStep: {
    lower: ({ onnx, names }) => [
      onnx.node('HardSigmoid', names, { alpha: { float: 3e38 }, beta: { float: 0 } }),
    ],
  },
  /** ONNX's convolution as it is: of images and filters with their channels first. */
  FirstConv2D: {
    lower: ({ onnx, names, attributes }) => [
      onnx.node('Conv', names, convolutionAttributes(attributes['geometry'] as Geometry)),
    ],
  },
  /** An image, channels first or last, as `BlockedConv2D` reads it. */
  Blocked: {
    lower: ({ onnx, names, attributes }) => [
      onnx.node('com.microsoft.nchwc.ReorderInput', names, {
        channels_last: Number(attributes['channelsLast']),
      }),
    ],
  },
  /** What `BlockedConv2D` made, channels first or last. */
  Unblocked: {
    lower: ({ onnx, names, attributes }) => [
      onnx.node('com.microsoft.nchwc.ReorderOutput', names, {
        channels_last: Number(attributes['channelsLast']),
        channels: Number(attributes['channels']),
      }),
    ],
  },
  /**
   * ONNX Runtime's direct convolution on a CPU. Its tensors have the shapes of ONNX, channels first, but hold blocks of channels side by
   * side: `[n, channels / block, height, width, block]`, and for the filter
   * `[outputs / block, inputs / block, height, width, block, block]`, the outputs last.
   */
  BlockedConv2D: {
    lower: ({ onnx, names, attributes }) => [
      onnx.node('com.microsoft.nchwc.Conv', names, {
        ...convolutionAttributes(attributes['geometry'] as Geometry),
        group: 1,
      }),
    ],
  },
};
