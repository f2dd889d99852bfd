import { UnsupportedError } from '@dgm/core';
import type { DType } from '../graph/graph';
import { axisOf } from './axes';
import type { KernelTable } from './kernel';

/** Kernels that select or scatter by index. */
export const indexKernels: KernelTable = {
  OneHot: {
    inputs: ['indices'],
    note: 'by comparison; an index out of range gives a row of zeros, as in tfjs',
    infer: ([indices], attributes) => [
      {
        shape: [...indices!.shape, Number(attributes['depth'])],
        dtype: (attributes['dtype'] as DType) ?? 'float32',
      },
    ],
    // As comparisons: ONNX's own OneHot counts negative indices from the end, tfjs's leaves their rows empty.
    lower: ({ onnx, names, inputs, outputs, attributes }) => {
      const classes = Array.from({ length: Number(attributes['depth']) }, (_, index) => index);
      const column = onnx.reshape(names[0]!, [...inputs[0]!.shape, 1]);
      const isHit = onnx.node('Equal', [column, onnx.vector(classes, inputs[0]!.dtype)]);
      if (attributes['onValue'] === 1 && attributes['offValue'] === 0) {
        return [outputs[0]!.dtype === 'bool' ? isHit : onnx.cast(isHit, outputs[0]!.dtype)];
      }
      const [on, off] = [attributes['onValue'], attributes['offValue']].map((value) =>
        onnx.scalar(Number(value), outputs[0]!.dtype),
      );
      return [onnx.node('Where', [isHit, on!, off!])];
    },
  },
  GatherV2: {
    inputs: ['x', 'indices'],
    note: 'batchDims 0 only',
    infer: ([x, indices], attributes) => {
      if (Number(attributes['batchDims'] ?? 0) !== 0) {
        throw new UnsupportedError({
          where: 'capture',
          argument: 'tf.gather',
          expected: 'batchDims 0',
          actual: String(attributes['batchDims']),
          remedy: 'use oneHot and a product, or the eager engine',
        });
      }
      const axis = axisOf(attributes, x!.shape.length);
      return [
        {
          shape: [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)],
          dtype: x!.dtype,
        },
      ];
    },
    lower: ({ onnx, names, attributes }) => [
      onnx.node('Gather', [names[0]!, onnx.cast(names[1]!, 'int64')], {
        axis: Number(attributes['axis']),
      }),
    ],
  },
  TopK: {
    inputs: ['x'],
    note: 'of equals the first; always sorted',
    infer: ([x], attributes) => {
      const shape = [...x!.shape.slice(0, -1), Number(attributes['k'])];
      return [
        { shape, dtype: x!.dtype },
        { shape, dtype: 'int32' },
      ];
    },
    lower: ({ onnx, names, attributes }) => {
      const [values, places] = onnx.nodes('TopK', [names[0]!, onnx.int64([Number(attributes['k'])])], 2);
      return [values!, onnx.cast(places!, 'int32')];
    },
  },
  UnsortedSegmentSum: {
    inputs: ['x', 'segmentIds'],
    infer: ([x, ids], attributes) => [
      { shape: [Number(attributes['numSegments']), ...x!.shape.slice(ids!.shape.length)], dtype: x!.dtype },
    ],
    lower: ({ onnx, names, inputs, outputs }) => {
      const zeros = onnx.node('Expand', [onnx.scalar(0, outputs[0]!.dtype), onnx.int64(outputs[0]!.shape)]);
      const indices = onnx.reshape(onnx.cast(names[1]!, 'int64'), [...inputs[1]!.shape, 1]);
      return [onnx.node('ScatterND', [zeros, indices, names[0]!], { reduction: 'add' })];
    },
  },
  GatherNd: {
    inputs: ['params', 'indices'],
    infer: ([params, indices]) => [
      {
        shape: [...indices!.shape.slice(0, -1), ...params!.shape.slice(indices!.shape.at(-1))],
        dtype: params!.dtype,
      },
    ],
    lower: ({ onnx, names }) => [onnx.node('GatherND', [names[0]!, onnx.cast(names[1]!, 'int64')])],
  },
  ScatterNd: {
    inputs: ['indices', 'updates'],
    infer: ([, updates], attributes) => [{ shape: attributes['shape'] as number[], dtype: updates!.dtype }],
    lower: ({ onnx, names, outputs }) => {
      const zeros = onnx.node('Expand', [onnx.scalar(0, outputs[0]!.dtype), onnx.int64(outputs[0]!.shape)]);
      const indices = onnx.cast(names[0]!, 'int64');
      return [onnx.node('ScatterND', [zeros, indices, names[1]!], { reduction: 'add' })];
    },
  },
};
