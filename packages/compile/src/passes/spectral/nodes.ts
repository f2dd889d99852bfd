import { createNode } from '../../graph/graph';
import type { Value } from '../../graph/graph';
import { kernels } from '../../kernels/table';

/** The result of a kernel with one output. */
function node(
  kernel: string,
  inputs: readonly Value[],
  attributes: Readonly<Record<string, unknown>>,
): Value {
  return createNode(kernel, inputs, attributes, kernels[kernel]!.infer(inputs, attributes)).outputs[0]!;
}

export function reshape(x: Value, shape: readonly number[]): Value {
  return node('Reshape', [x], { shape });
}

export function transpose(x: Value, perm: readonly number[]): Value {
  return node('Transpose', [x], { perm });
}

/** With zeros around. */
export function padded(x: Value, paddings: readonly (readonly [number, number])[]): Value {
  if (paddings.every(([before, after]) => before + after === 0)) return x;
  return node('PadV2', [x], { paddings, constantValue: 0 });
}

interface ProductOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** The product of matrices, or of one matrix with another for each index of the axes before the last two. */
export function product(
  a: Value,
  b: Value,
  { transposeA = false, transposeB = false }: ProductOptions = {},
): Value {
  return node('BatchMatMul', [a, b], { transposeA, transposeB });
}
