import { createNode, producer, topologicalOrder } from '../graph/graph';
import type { Graph, Value } from '../graph/graph';
import { rewrite } from '../graph/rewrite';

/**
 * Adds a bias inside of the product that it follows, as ONNX's Gemm does: one pass over the result less. Only where the
 * product is read by the sum alone; else it would be computed twice.
 */
export function absorbBias(graph: Graph): Graph {
  const readers = new Map<Value, number>();
  const read = (value: Value) => readers.set(value, (readers.get(value) ?? 0) + 1);
  for (const node of topologicalOrder(graph.outputs.values())) node.inputs.forEach(read);
  for (const value of graph.outputs.values()) read(value);
  return rewrite(graph, (node, original) => {
    const [y] = node.outputs;
    const at = node.kernel === 'Add' ? node.inputs.findIndex(isProduct) : -1;
    if (y === undefined || at < 0 || readers.get(original.inputs[at]!) !== 1) return undefined;
    const [product, bias] = [node.inputs[at]!, node.inputs[1 - at]!];
    const source = producer(product)!;
    const columns = y.shape.at(-1);
    if (bias.shape.length !== 1 || bias.shape[0] !== columns || product.shape.length !== y.shape.length)
      return undefined;
    return createNode('BatchMatMul', [...source.inputs, bias], source.attributes, [y]).outputs;
  });
}

/** Whether a value is the product of two single matrices, without a bias yet. */
function isProduct(value: Value): boolean {
  const node = producer(value);
  const isSingle = value.shape.slice(0, -2).every((size) => size === 1);
  return node?.kernel === 'BatchMatMul' && node.inputs.length === 2 && isSingle;
}
