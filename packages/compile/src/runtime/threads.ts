import { sizeOf } from '@dgm/core';
import { topologicalOrder } from '../graph/graph';
import type { Graph, Node } from '../graph/graph';

/**
 * Below this many multiply-adds in its largest product a step is not faster on two threads than on one: waking the other
 * costs what it saves. By the shortest steps of `bench/threads.ts` two threads are even up to 5 million and gain from 9 on.
 */
const LARGE_PRODUCT = 8e6;
/** Beyond these a product of the sizes in question gains little more. */
const MOST_THREADS = 8;

/** How many threads pay for a graph. */
export function threadsFor(graph: Graph): number {
  return largestProduct(graph) < LARGE_PRODUCT ? 1 : Math.min(cores(), MOST_THREADS);
}

/** The multiply-adds of the graph's largest matrix product or convolution. */
export function largestProduct(graph: Graph): number {
  return topologicalOrder(graph.outputs.values()).reduce(
    (largest, node) => Math.max(largest, multiplyAdds(node)),
    0,
  );
}

/** The multiply-adds of a node, where it is a matrix product or a convolution; else 0. */
export function multiplyAdds(node: Node): number {
  return products[node.kernel]?.(node) ?? 0;
}

/** Multiply-adds by kernel: for each element of one tensor, what one element of it needs or gives. */
const products: Readonly<Record<string, (node: Node) => number>> = {
  BatchMatMul: ({ inputs: [a], outputs: [y], attributes }) =>
    sizeOf(y!.shape) * a!.shape.at(attributes['transposeA'] ? -2 : -1)!,
  BlockedConv2D: outputsFirst,
  FirstConv2D: outputsFirst,
  Conv2D: ({ inputs: [, filter], outputs: [y] }) => convolution(y!.shape, filter!.shape),
  Conv2DBackpropInput: ({ inputs: [dy, filter] }) => convolution(dy!.shape, filter!.shape),
  Conv2DBackpropFilter: ({ inputs: [, dy], outputs: [filter] }) => convolution(dy!.shape, filter!.shape),
};

/** Of a convolution whose filter has its outputs first. */
function outputsFirst({ inputs: [, filter], outputs: [y] }: Node): number {
  return (sizeOf(y!.shape) * sizeOf(filter!.shape)) / filter!.shape[0]!;
}

function convolution(result: readonly number[], filter: readonly number[]): number {
  return (sizeOf(result) * sizeOf(filter)) / filter.at(-1)!;
}

/** The cores that this process may use. */
function cores(): number {
  if (typeof process !== 'undefined' && process.versions?.node !== undefined) {
    return process.getBuiltinModule('node:os').availableParallelism();
  }
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}
