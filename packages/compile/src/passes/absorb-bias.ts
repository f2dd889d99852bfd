import { sameShape } from '@dgm/core';
import { createNode, producer, readersOf } from '../graph/graph';
import type { Graph, Node, Value } from '../graph/graph';
import { rewrite } from '../graph/rewrite';

/**
 * Adds within a product, as ONNX's Gemm does: a row, the bias of a layer, also where the product is reshaped before; or
 * a whole matrix, so that a sum of products is a chain of them. One pass over the result less each. Only where the product is
 * read by the sum alone; else it would be computed twice.
 */
export function absorbBias(graph: Graph): Graph {
  const readers = readersOf(graph);
  return rewrite(graph, (node, original) => {
    const [y] = node.outputs;
    if (node.kernel !== 'Add' || y === undefined) return undefined;
    for (const at of [0, 1]) {
      const isReadOnce = (value: Value) => readers.get(value) === 1;
      const product = productBehind(node.inputs[at]!, original.inputs[at]!, isReadOnce);
      const addend = node.inputs[1 - at]!;
      if (product === undefined || !canTake(product, addend, y)) continue;
      const sum = createNode('BatchMatMul', [...product.inputs, addend], product.attributes, product.outputs)
        .outputs[0]!;
      if (sameShape(sum.shape, y.shape)) return [sum];
      return createNode('Reshape', [sum], { shape: y.shape }, [y]).outputs;
    }
    return undefined;
  });
}

/** The product of two single matrices that a value is, or is a reshaped one of, where nothing else reads either. */
function productBehind(
  value: Value,
  original: Value,
  isReadOnce: (original: Value) => boolean,
): Node | undefined {
  const node = producer(value);
  const written = producer(original);
  if (node === undefined || written === undefined || !isReadOnce(original)) return undefined;
  if (node.kernel === 'Reshape') return productBehind(node.inputs[0]!, written.inputs[0]!, isReadOnce);
  const isSingle = value.shape.slice(0, -2).every((size) => size === 1);
  return node.kernel === 'BatchMatMul' && node.inputs.length === 2 && isSingle ? node : undefined;
}

function canTake({ outputs: [product] }: Node, addend: Value, y: Value): boolean {
  const columns = product!.shape.at(-1);
  const isRow = addend.shape.length === 1 && addend.shape[0] === columns && y.shape.at(-1) === columns;
  const isWhole = sameShape(addend.shape, product!.shape) && sameShape(y.shape, product!.shape);
  return isRow || (isWhole && y.shape.length === 2);
}
