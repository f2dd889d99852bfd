import * as tf from '@tensorflow/tfjs-core';
import type { Attributes, Value } from '../graph/graph';
import type { Kernel, KernelTable } from './kernel';

function axesOf(attributes: Attributes, name: string, x: Value): number[] {
  return tf.util.parseAxisParam(attributes[name] as number | number[], [...x.shape]);
}

function reducedShape(x: Value, axes: readonly number[], keepDims: boolean): number[] {
  return x.shape.flatMap((size, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [size]));
}

/** A reduction over axes; an empty list of axes is no reduction at all. */
function reduction(op: string, axisAttribute = 'axis', dtype?: Value['dtype']): Kernel {
  return {
    inputs: ['x'],
    infer: ([x], attributes) => {
      const axes = axesOf(attributes, axisAttribute, x!);
      return [{ shape: reducedShape(x!, axes, attributes['keepDims'] === true), dtype: dtype ?? x!.dtype }];
    },
    lower: ({ onnx, names, inputs, attributes }) => {
      const axes = axesOf(attributes, axisAttribute, inputs[0]!);
      const keepdims = attributes['keepDims'] === true ? 1 : 0;
      // ONNX reduces no booleans.
      const isLogical = inputs[0]!.dtype === 'bool';
      const x = isLogical ? onnx.cast(names[0]!, 'int32') : names[0]!;
      const result = onnx.node(op, [x, onnx.int64(axes)], { keepdims, noop_with_empty_axes: 1 });
      return [isLogical ? onnx.cast(result, 'bool') : result];
    },
  };
}

function argReduction(op: string): Kernel {
  return {
    inputs: ['x'],
    infer: ([x], attributes) => [
      { shape: reducedShape(x!, axesOf(attributes, 'axis', x!), false), dtype: 'int32' },
    ],
    lower: ({ onnx, names, inputs, attributes }) => {
      const [axis] = axesOf(attributes, 'axis', inputs[0]!);
      return [onnx.cast(onnx.node(op, names, { axis: axis!, keepdims: 0 }), 'int32')];
    },
  };
}

function scan(op: string): Kernel {
  return {
    inputs: ['x'],
    infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    lower: ({ onnx, names, attributes }) => {
      const axis = onnx.scalar(Number(attributes['axis'] ?? 0), 'int32');
      const flags = { exclusive: attributes['exclusive'] ? 1 : 0, reverse: attributes['reverse'] ? 1 : 0 };
      return [onnx.node(op, [names[0]!, axis], flags)];
    },
  };
}

export const reduceKernels: KernelTable = {
  Sum: reduction('ReduceSum'),
  Mean: reduction('ReduceMean', 'axis', 'float32'),
  Prod: reduction('ReduceProd'),
  Max: reduction('ReduceMax', 'reductionIndices'),
  Min: reduction('ReduceMin'),
  All: reduction('ReduceMin'),
  Any: reduction('ReduceMax'),
  ArgMax: argReduction('ArgMax'),
  ArgMin: argReduction('ArgMin'),
  Cumsum: scan('CumSum'),
  Cumprod: {
    inputs: ['x'],
    note: 'each prefix on its own: quadratic in the length of the axis',
    infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    // ONNX has no such scan: every prefix is multiplied up on its own.
    lower: ({ onnx, names, inputs, attributes }) => {
      const { shape, dtype } = inputs[0]!;
      const axis = Number(attributes['axis'] ?? 0);
      const size = shape[axis]!;
      const [exclusive, reverse] = [attributes['exclusive'] === true, attributes['reverse'] === true];
      const isFactor = (prefix: number, index: number) => {
        const distance = reverse ? index - prefix : prefix - index;
        return exclusive ? distance > 0 : distance >= 0;
      };
      const mask = Array.from({ length: size * size }, (_, at) =>
        isFactor(Math.floor(at / size), at % size) ? 1 : 0,
      );
      const trailing = shape.slice(axis + 1).map(() => 1);
      const chosen = onnx.reshape(onnx.vector(mask, 'bool'), [size, size, ...trailing]);
      const spread = onnx.reshape(names[0]!, [...shape.slice(0, axis), 1, ...shape.slice(axis)]);
      const factors = onnx.node('Where', [chosen, spread, onnx.scalar(1, dtype)]);
      return [onnx.node('ReduceProd', [factors, onnx.int64([axis + 1])], { keepdims: 0 })];
    },
  },
  Softmax: {
    inputs: ['logits'],
    infer: ([logits]) => [{ shape: logits!.shape, dtype: logits!.dtype }],
    lower: ({ onnx, names, attributes, inputs }) => {
      const axis = Number(attributes['dim'] ?? -1);
      return [onnx.node('Softmax', names, { axis: axis < 0 ? axis + inputs[0]!.shape.length : axis })];
    },
  },
};
