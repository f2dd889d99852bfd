import { createNode, producer } from '../graph/graph';
import type { Value } from '../graph/graph';
import type { Rule } from '../graph/rewrite';

/** Lets a product read a transposed matrix where it lies: its flags cost nothing, a Transpose is a copy. */
export const absorbTransposes: Rule = (node) => {
  const [y] = node.outputs;
  if (y === undefined || node.kernel !== 'BatchMatMul') return undefined;
  const inputs = [...node.inputs];
  const attributes: Record<string, unknown> = { ...node.attributes };
  ['transposeA', 'transposeB'].forEach((flag, index) => {
    const source = untransposed(inputs[index]!);
    if (source === undefined) return;
    inputs[index] = source;
    attributes[flag] = attributes[flag] !== true;
  });
  if (inputs.every((input, index) => input === node.inputs[index])) return undefined;
  return createNode('BatchMatMul', inputs, attributes, [y]).outputs;
};

/** The value of which another is the transpose in the last two axes. */
function untransposed(value: Value): Value | undefined {
  const node = producer(value);
  if (node?.kernel !== 'Transpose') return undefined;
  const permutation = node.attributes['perm'] as readonly number[];
  const rank = permutation.length;
  const swapsLast = permutation.every((axis, index) =>
    index < rank - 2 ? axis === index : axis === 2 * rank - 3 - index,
  );
  return swapsLast && rank >= 2 ? node.inputs[0] : undefined;
}
