import { broadcastShapes, formatShape, ShapeError } from '@dgm/core';
import type { Attributes, Value } from '../graph/graph';
import type { KernelTable } from './kernel';

function productShape(a: Value, b: Value, attributes: Attributes): number[] {
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const inner = [
    a.shape.at(attributes['transposeA'] ? -2 : -1),
    b.shape.at(attributes['transposeB'] ? -1 : -2),
  ];
  // tfjs leaves this check to the kernel.
  if (inner[0] !== inner[1]) {
    throw new ShapeError({
      where: 'matMul',
      argument: 'the inner sizes',
      expected: 'to be equal',
      actual: `${inner[0]} of ${formatShape(a.shape)} and ${inner[1]} of ${formatShape(b.shape)}`,
    });
  }
  const rows = a.shape.at(attributes['transposeA'] ? -1 : -2)!;
  const columns = b.shape.at(attributes['transposeB'] ? -2 : -1)!;
  return [...batch, rows, columns];
}

export const matmulKernels: KernelTable = {
  BatchMatMul: {
    inputs: ['a', 'b'],
    note: 'single matrices as Gemm, with their transposes and a bias',
    infer: ([a, b], attributes) => [{ shape: productShape(a!, b!, attributes), dtype: 'float32' }],
    lower: ({ onnx, names, inputs, outputs, attributes }) => {
      const [transA, transB] = [attributes['transposeA'] ? 1 : 0, attributes['transposeB'] ? 1 : 0];
      // A vector, as `sumByProduct` has it; tfjs has matrices only.
      if (inputs[0]!.shape.length === 1) return [onnx.node('MatMul', names)];
      // One matrix at a time is the rule in tfjs's dense layers, and Gemm takes its transposes for free.
      if (outputs[0]!.shape.slice(0, -2).every((size) => size === 1)) {
        const matrix = (name: string, { shape }: Value) =>
          shape.length === 2 ? name : onnx.reshape(name, shape.slice(-2));
        const operands = [matrix(names[0]!, inputs[0]!), matrix(names[1]!, inputs[1]!), ...names.slice(2)];
        const beta = 'beta' in attributes ? { beta: { float: Number(attributes['beta']) } } : {};
        const product = onnx.node('Gemm', operands, { transA, transB, ...beta });
        return [
          outputs[0]!.shape.length === 2
            ? product
            : onnx.reshape(product, outputs[0]!.shape, outputs[0]!.shape.slice(-2)),
        ];
      }
      const transposed = (name: string, rank: number) =>
        onnx.node('Transpose', [name], {
          perm: Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis)),
        });
      const a = transA ? transposed(names[0]!, inputs[0]!.shape.length) : names[0]!;
      const b = transB ? transposed(names[1]!, inputs[1]!.shape.length) : names[1]!;
      return [onnx.node('MatMul', [a, b])];
    },
  },
  Einsum: {
    inputs: 'list',
    infer: (inputs, attributes) => {
      const [terms, result] = String(attributes['equation']).replaceAll(' ', '').split('->') as [
        string,
        string,
      ];
      const sizes = new Map(
        terms
          .split(',')
          .flatMap((term, index) =>
            [...term].map((letter, axis) => [letter, inputs[index]!.shape[axis]!] as const),
          ),
      );
      return [{ shape: [...result].map((letter) => sizes.get(letter)!), dtype: inputs[0]!.dtype }];
    },
    lower: ({ onnx, names, attributes }) => [
      onnx.node('Einsum', names, { equation: String(attributes['equation']) }),
    ],
  },
};
