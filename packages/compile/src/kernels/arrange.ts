import * as tf from '@tensorflow/tfjs-core';
import type { Attributes, Value } from '../graph/graph';
import { axisOf } from './axes';
import type { Kernel, KernelTable } from './kernel';

const like = (x: Value, shape: readonly number[]) => [{ shape, dtype: x.dtype }];

/** Kernels that only read their input in another shape. */
function reshaping(input: string, shape: (x: Value, attributes: Attributes) => readonly number[]): Kernel {
  return {
    inputs: [input],
    infer: ([x], attributes) => like(x!, shape(x!, attributes)),
    lower: ({ onnx, names, outputs }) => [onnx.reshape(names[0]!, outputs[0]!.shape)],
  };
}

function without(shape: readonly number[], axis: number): number[] {
  return shape.filter((_, index) => index !== axis);
}

function withAxis(shape: readonly number[], axis: number, size: number): number[] {
  return [...shape.slice(0, axis), size, ...shape.slice(axis)];
}

function sliceBounds(x: Value, attributes: Attributes): [number[], number[]] {
  const source = { rank: x.shape.length, shape: [...x.shape] } as unknown as tf.Tensor;
  return tf.slice_util.parseSliceParams(
    source,
    attributes['begin'] as number[],
    attributes['size'] as number[],
  ) as [number[], number[]];
}

function stridedSlice(x: Value, attributes: Attributes): ReturnType<typeof tf.slice_util.sliceInfo> {
  const list = (name: string) => attributes[name] as number[];
  const mask = (name: string) => Number(attributes[name] ?? 0);
  return tf.slice_util.sliceInfo(
    [...x.shape],
    list('begin'),
    list('end'),
    list('strides'),
    mask('beginMask'),
    mask('endMask'),
    mask('ellipsisMask'),
    mask('newAxisMask'),
    mask('shrinkAxisMask'),
  );
}

export const arrangeKernels: KernelTable = {
  Reshape: reshaping('x', (x, attributes) =>
    tf.util.inferFromImplicitShape(attributes['shape'] as number[], tf.util.sizeFromShape([...x.shape])),
  ),
  ExpandDims: reshaping('input', (x, attributes) => {
    const dim = Number(attributes['dim']);
    return withAxis(x.shape, dim < 0 ? dim + x.shape.length + 1 : dim, 1);
  }),
  Transpose: {
    inputs: ['x'],
    infer: ([x], attributes) =>
      like(
        x!,
        (attributes['perm'] as number[]).map((axis) => x!.shape[axis]!),
      ),
    lower: ({ onnx, names, attributes }) => [
      onnx.node('Transpose', names, { perm: attributes['perm'] as number[] }),
    ],
  },
  Reverse: {
    inputs: ['x'],
    infer: ([x]) => like(x!, x!.shape),
    lower: ({ onnx, names, inputs, attributes }) => {
      const axes = tf.util.parseAxisParam(attributes['dims'] as number[], [...inputs[0]!.shape]);
      if (axes.length === 0) return [names[0]!];
      const all = (value: number) => onnx.int64(axes.map(() => value));
      return [
        onnx.node('Slice', [names[0]!, all(-1), all(Number.MIN_SAFE_INTEGER), onnx.int64(axes), all(-1)]),
      ];
    },
  },
  Slice: {
    inputs: ['x'],
    infer: ([x], attributes) => like(x!, sliceBounds(x!, attributes)[1]),
    lower: ({ onnx, names, inputs, attributes }) => {
      const [begin, size] = sliceBounds(inputs[0]!, attributes);
      const axes = begin.map((_, axis) => axis).filter((axis) => size[axis] !== inputs[0]!.shape[axis]);
      if (axes.length === 0) return [names[0]!];
      const starts = axes.map((axis) => begin[axis]!);
      const ends = axes.map((axis) => begin[axis]! + size[axis]!);
      return [onnx.node('Slice', [names[0]!, onnx.int64(starts), onnx.int64(ends), onnx.int64(axes)])];
    },
  },
  StridedSlice: {
    inputs: ['x'],
    infer: ([x], attributes) => like(x!, stridedSlice(x!, attributes).finalShape),
    lower: ({ onnx, names, inputs, outputs, attributes }) => {
      const { begin, end, strides } = stridedSlice(inputs[0]!, attributes);
      const axes = begin.map((_, axis) => axis);
      // A walk backwards past the first element ends at -1, which ONNX would count from the end.
      const ends = end.map((stop) => (stop < 0 ? Number.MIN_SAFE_INTEGER : stop));
      const sliced = onnx.node('Slice', [
        names[0]!,
        ...[begin, ends, axes, strides].map((list) => onnx.int64(list)),
      ]);
      return [onnx.reshape(sliced, outputs[0]!.shape)];
    },
  },
  Tile: {
    inputs: ['x'],
    infer: ([x], attributes) =>
      like(
        x!,
        x!.shape.map((size, axis) => size * (attributes['reps'] as number[])[axis]!),
      ),
    lower: ({ onnx, names, attributes }) => [
      onnx.node('Tile', [names[0]!, onnx.int64(attributes['reps'] as number[])]),
    ],
  },
  PadV2: {
    inputs: ['x'],
    infer: ([x], attributes) => {
      const paddings = attributes['paddings'] as [number, number][];
      return like(
        x!,
        x!.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]),
      );
    },
    lower: ({ onnx, names, inputs, attributes }) => {
      const paddings = attributes['paddings'] as [number, number][];
      const pads = onnx.int64([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
      return [
        onnx.node('Pad', [
          names[0]!,
          pads,
          onnx.scalar(Number(attributes['constantValue']), inputs[0]!.dtype),
        ]),
      ];
    },
  },
  Concat: {
    inputs: 'list',
    infer: (inputs, attributes) => {
      const axis = axisOf(attributes, inputs[0]!.shape.length);
      const size = inputs.reduce((total, { shape }) => total + shape[axis]!, 0);
      return like(
        inputs[0]!,
        inputs[0]!.shape.map((own, index) => (index === axis ? size : own)),
      );
    },
    lower: ({ onnx, names, inputs, attributes }) => [
      names.length === 1
        ? names[0]!
        : onnx.node('Concat', names, { axis: axisOf(attributes, inputs[0]!.shape.length) }),
    ],
  },
  Pack: {
    inputs: 'list',
    infer: (inputs, attributes) => {
      const axis = axisOf(attributes, inputs[0]!.shape.length + 1);
      return like(inputs[0]!, withAxis(inputs[0]!.shape, axis, inputs.length));
    },
    lower: ({ onnx, names, inputs, attributes }) => {
      const axis = axisOf(attributes, inputs[0]!.shape.length + 1);
      const rows = names.map((name) => onnx.reshape(name, withAxis(inputs[0]!.shape, axis, 1)));
      return [onnx.node('Concat', rows, { axis })];
    },
  },
  Unpack: {
    inputs: ['value'],
    infer: ([x], attributes) => {
      const axis = axisOf(attributes, x!.shape.length);
      return Array.from({ length: x!.shape[axis]! }, () => ({
        shape: without(x!.shape, axis),
        dtype: x!.dtype,
      }));
    },
    lower: ({ onnx, names, inputs, outputs, attributes }) => {
      const axis = axisOf(attributes, inputs[0]!.shape.length);
      const sizes = onnx.int64(outputs.map(() => 1));
      const rows = onnx.nodes('Split', [names[0]!, sizes], outputs.length, { axis });
      return rows.map((row) => onnx.reshape(row, outputs[0]!.shape));
    },
  },
  SplitV: {
    inputs: ['x'],
    infer: ([x], attributes) => {
      const axis = axisOf(attributes, x!.shape.length);
      return splitSizes(x!, attributes, axis).map((size) => ({
        shape: x!.shape.map((own, index) => (index === axis ? size : own)),
        dtype: x!.dtype,
      }));
    },
    lower: ({ onnx, names, inputs, outputs, attributes }) => {
      const axis = axisOf(attributes, inputs[0]!.shape.length);
      const sizes = onnx.int64(splitSizes(inputs[0]!, attributes, axis));
      return onnx.nodes('Split', [names[0]!, sizes], outputs.length, { axis });
    },
  },
};

function splitSizes(x: Value, attributes: Attributes, axis: number): number[] {
  const source = { shape: [...x.shape] } as unknown as tf.Tensor;
  return tf.backend_util.prepareSplitSize(source, attributes['numOrSizeSplits'] as number[], axis);
}
