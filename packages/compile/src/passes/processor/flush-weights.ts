import { sizeOf } from '@dgm/core';
import { createNode, producer, topologicalOrder } from '../../graph/graph';
import type { Graph, Node, Value } from '../../graph/graph';
import { rewrite } from '../../graph/rewrite';

/** Beside weights whose sum is 1, no float32 sum notices what is below this. */
const LEAST = 2 ** -53;

/**
 * Leaves out weights of examples or components that no sum notices: $w_i = e^{x_i - \max_j x_j} / \sum_j e^{x_j - \max_k x_k}$, as in the
 * gradient of a logarithm of a sum of exponentials, becomes 0 below $2^{-53}$. With importance weights, whose logarithms are hundreds
 * apart, most are that small, and some processors take a hundred cycles for each product of theirs below $10^{-38}$: the two products
 * with the gradient of 2048 x 64 x 1088 took 15 ms each, where the forward one takes 4.
 *
 * The same for a softmax that only products read: of a denoiser that weighs the levels of a pixel by their distance to it most are below
 * $10^{-38}$, and the gradient of 125 x 17 x 8 x 8 by a filter for 32 channels took 12 ms in place of 1.
 *
 * Probabilities of classes are left alone, whose scores come from a product as they are: there are many, and few that small.
 */
export function flushWeights(graph: Graph): Graph {
  const nodes = topologicalOrder(graph.outputs.values());
  const readOtherwise = new Set(graph.outputs.values());
  for (const { kernel, inputs, outputs } of [...nodes].reverse()) {
    const isProduct = kernel === 'Multiply' || kernel === 'BatchMatMul';
    if (isProduct || (kernel === 'Reshape' && !readOtherwise.has(outputs[0]!))) continue;
    inputs.forEach((input) => readOtherwise.add(input));
  }
  return rewrite(graph, (node, original) => {
    const areWeights =
      node.kernel === 'Softmax'
        ? isOfFarScores(node.inputs[0]!) && !readOtherwise.has(original.outputs[0]!)
        : isShareOfExponentials(node);
    if (!areWeights) return undefined;
    const weights = createNode(node.kernel, node.inputs, node.attributes, node.outputs).outputs;
    return createNode('Threshold', weights, { least: LEAST }, node.outputs).outputs;
  });
}

/** Scores that may lie far from each other: none that come from a product as they are, and none that were bounded. */
function isOfFarScores(scores: Value): boolean {
  return !isOfProduct(scores) && producer(scores)?.kernel !== 'Maximum';
}

/** Whether a node divides exponentials, the largest of which is 1, by their sum along an axis. */
function isShareOfExponentials({ kernel, inputs: [exponentials], outputs: [weights] }: Node): boolean {
  const power = exponentials && producer(exponentials);
  if (kernel !== 'RealDiv' || power?.kernel !== 'Exp') return false;
  const difference = producer(power.inputs[0]!);
  const [scores, largest] = difference?.kernel === 'Sub' ? difference.inputs : [];
  if (largest === undefined || sizeOf(largest.shape) === sizeOf(weights!.shape)) return false;
  return !isOfProduct(scores!);
}

/** Whether a value is a product, or one with a bias, in any shape. */
function isOfProduct(value: Value): boolean {
  const node = producer(value);
  switch (node?.kernel) {
    case 'Reshape':
      return isOfProduct(node.inputs[0]!);
    case 'Add':
      return node.inputs[1]!.shape.length === 1 && isOfProduct(node.inputs[0]!);
    default:
      return node?.kernel === 'BatchMatMul' || node?.kernel === 'Conv2D';
  }
}
