import type { Captured } from '@dgm/compile';
import { sizeOf } from '@dgm/core';

type Graph = Captured['graph'];
type Value = Graph['outputs'] extends ReadonlyMap<string, infer V> ? V : never;
type Node = Extract<Value['source'], { readonly kind: 'node' }>['node'];

/** The multiply-adds of all matrix products and convolutions that a graph's outputs need. */
export function multiplyAdds(graph: Graph): number {
  let total = 0;
  for (const node of nodesOf(graph)) total += products[node.kernel]?.(node) ?? 0;
  return total;
}

/** What the results of all nodes take that a graph's outputs need, in bytes: the memory of a run that frees nothing. */
export function bytesOfResults(graph: Graph): number {
  let total = 0;
  for (const { outputs } of nodesOf(graph)) {
    for (const { shape, dtype } of outputs) total += sizeOf(shape) * (dtype === 'bool' ? 1 : 4);
  }
  return total;
}

/** For each element of a product, what it is the sum of. */
const products: Readonly<Record<string, (node: Node) => number>> = {
  BatchMatMul: ({ inputs: [a], outputs: [y], attributes }) =>
    sizeOf(y!.shape) * a!.shape.at(attributes['transposeA'] ? -2 : -1)!,
  Conv2D: ({ inputs: [, filter], outputs: [y] }) => convolution(y!, filter!),
  Conv2DBackpropInput: ({ inputs: [dy, filter] }) => convolution(dy!, filter!),
  Conv2DBackpropFilter: ({ inputs: [, dy], outputs: [filter] }) => convolution(dy!, filter!),
};

function convolution(result: Value, filter: Value): number {
  return (sizeOf(result.shape) * sizeOf(filter.shape)) / filter.shape.at(-1)!;
}

/** Every node that the outputs need, once. */
function nodesOf(graph: Graph): ReadonlySet<Node> {
  const found = new Set<Node>();
  const waiting = [...graph.outputs.values()];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (value.source.kind !== 'node' || found.has(value.source.node)) continue;
    found.add(value.source.node);
    waiting.push(...value.source.node.inputs);
  }
  return found;
}
