import { sizeOf } from '@dgm/core';
import { BINARY, UNARY } from '../graph/arithmetic';
import { constantValue, uniformConstant } from '../graph/graph';
import type { Data } from '../graph/graph';
import type { Rule } from '../graph/rewrite';

const SHAPE_ONLY = new Set(['OnesLike', 'ZerosLike']);
const ARRANGING = new Set(['Reshape', 'ExpandDims', 'Tile', 'Transpose', 'Slice', 'Reverse']);

/**
 * Computes on the host what depends on nothing: kernels whose inputs each hold one number throughout.
 * What they give is such a constant again, stored as the fewest elements that its shape allows.
 */
export const foldConstants: Rule = (node) => {
  const [output] = node.outputs;
  if (output === undefined || node.outputs.length > 1) return undefined;
  if (SHAPE_ONLY.has(node.kernel)) return [filled(output, UNARY[node.kernel]!(0))];
  if (output.dtype !== 'float32') return undefined;
  const values = node.inputs.map(uniformConstant);
  if (values.length === 0 || values.some((value) => value === undefined)) return undefined;
  const [a, b] = values as [number, number];
  if (ARRANGING.has(node.kernel)) return [filled(output, a)];
  const unary = UNARY[node.kernel];
  if (unary !== undefined) return [filled(output, unary(a))];
  const binary = BINARY[node.kernel];
  return binary === undefined ? undefined : [filled(output, binary(a, b))];
};

function filled(
  like: { readonly shape: readonly number[]; readonly dtype: 'float32' | 'int32' | 'bool' },
  value: number,
) {
  const size = sizeOf(like.shape);
  const data: Data =
    like.dtype === 'float32'
      ? new Float32Array(size)
      : like.dtype === 'int32'
        ? new Int32Array(size)
        : new Uint8Array(size);
  return constantValue(data.fill(value), like.shape, like.dtype);
}
