import { createNode, producer, topologicalOrder } from '../graph/graph';
import type { Graph, Node, Value } from '../graph/graph';
import { rewrite } from '../graph/rewrite';

/**
 * Takes softmax from the exponentials that log-softmax has computed already, as the gradient of a categorical
 * log-likelihood wants it: a quotient instead of the exponentials, their maximum and their sum anew.
 */
export function shareSoftmax(graph: Graph): Graph {
  const normalizers = new Map<Value, { readonly exponentials: Value; readonly sum: Value }>();
  for (const node of topologicalOrder(graph.outputs.values())) {
    const logits = normalizedLogits(node);
    if (logits !== undefined) {
      normalizers.set(logits, { exponentials: node.inputs[0]!, sum: node.outputs[0]! });
    }
  }
  return rewrite(graph, (node) => {
    const known = node.kernel === 'Softmax' ? normalizers.get(node.inputs[0]!) : undefined;
    const [y] = node.outputs;
    if (known === undefined || y === undefined || Number(node.attributes['dim']) !== y.shape.length - 1)
      return undefined;
    const { exponentials, sum } = known;
    const column = { shape: [...y.shape.slice(0, -1), 1], dtype: y.dtype };
    const denominator = createNode('Reshape', [sum], { shape: column.shape }, [column]).outputs[0]!;
    return createNode('RealDiv', [exponentials, denominator], {}, [y]).outputs;
  });
}

/** For sum(exp(x - max(x))) over the last axis: x. */
function normalizedLogits(node: Node): Value | undefined {
  if (node.kernel !== 'Sum' || !isOverLastAxis(node, 'axis')) return undefined;
  const exponential = producer(node.inputs[0]!);
  const shifted = exponential?.kernel === 'Exp' ? producer(exponential.inputs[0]!) : undefined;
  const largest = shifted?.kernel === 'Sub' ? producer(shifted.inputs[1]!) : undefined;
  const [logits] = shifted?.inputs ?? [];
  const isMaximum =
    largest?.kernel === 'Max' && largest.inputs[0] === logits && isOverLastAxis(largest, 'reductionIndices');
  return isMaximum ? logits : undefined;
}

function isOverLastAxis(node: Node, attribute: string): boolean {
  const axes = [node.attributes[attribute]].flat();
  const rank = node.inputs[0]!.shape.length;
  return axes.length === 1 && (axes[0] === -1 || axes[0] === rank - 1);
}
