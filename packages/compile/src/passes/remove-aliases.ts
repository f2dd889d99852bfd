import { sameShape } from '@dgm/core';
import { createNode, producer } from '../graph/graph';
import type { Node, Value } from '../graph/graph';
import type { Rule } from '../graph/rewrite';

/** Kernels that hand their input on, perhaps in another shape. */
const RESHAPING = new Set(['Reshape', 'ExpandDims']);
/** Kernels that change nothing where they keep the shape. */
const ARRANGING = new Set(['Tile', 'Slice', 'PadV2']);

/**
 * Takes out copies and casts to the same type, and makes one Reshape of a chain of them, none where the shape is kept; so with
 * Transposes. A cast comes before a shape, so that equal casts are equal nodes.
 */
export const removeAliases: Rule = (node) => {
  const [x] = node.inputs;
  const [y] = node.outputs;
  if (x === undefined || y === undefined) return undefined;
  if (node.kernel === 'Identity') return [x];
  if (node.kernel === 'Cast' && x.dtype === y.dtype) return [x];
  if ((node.kernel === 'Sum' || node.kernel === 'Mean') && sameShape(x.shape, y.shape) && x.dtype === y.dtype)
    return [x];
  if (ARRANGING.has(node.kernel) && sameShape(x.shape, y.shape)) return [x];
  if (node.kernel === 'Transpose') return withoutDetour(node, x, y);
  if (node.kernel === 'Cast') return castFirst(node, x, y);
  if (!RESHAPING.has(node.kernel)) return undefined;
  if (sameShape(x.shape, y.shape)) return [x];
  const before = producer(x);
  if (before === undefined || !RESHAPING.has(before.kernel)) return undefined;
  const [source] = before.inputs;
  if (sameShape(source!.shape, y.shape)) return [source!];
  return createNode('Reshape', [source!], { shape: y.shape }, [y]).outputs;
};

/** A cast of what had another shape before, in that shape. */
function castFirst({ attributes }: Node, x: Value, y: Value): readonly Value[] | undefined {
  const before = producer(x);
  if (before === undefined || !RESHAPING.has(before.kernel)) return undefined;
  const source = before.inputs[0]!;
  const cast = createNode('Cast', [source], attributes, [{ shape: source.shape, dtype: y.dtype }]);
  return createNode('Reshape', cast.outputs, { shape: y.shape }, [y]).outputs;
}

/** A Transpose as the only one of a chain, or none. */
function withoutDetour(node: Node, x: Value, y: Value): readonly Value[] | undefined {
  const permutation = node.attributes['perm'] as readonly number[];
  if (isInOrder(permutation)) return [x];
  const before = producer(x);
  if (before?.kernel !== 'Transpose') return undefined;
  const source = before.inputs[0]!;
  const first = before.attributes['perm'] as readonly number[];
  const perm = permutation.map((axis) => first[axis]!);
  return isInOrder(perm) ? [source] : createNode('Transpose', [source], { perm }, [y]).outputs;
}

function isInOrder(permutation: readonly number[]): boolean {
  return permutation.every((axis, index) => axis === index);
}
