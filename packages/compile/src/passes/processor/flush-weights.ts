import { sizeOf } from '@dgm/core';
import { createNode, producer } from '../../graph/graph';
import type { Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';

/** Beside weights whose sum is 1, no float32 sum notices what is below this. */
const LEAST = 2 ** -53;

/**
 * Leaves out weights of examples or components that no sum notices: $w_i = e^{x_i - \max_j x_j} / \sum_j e^{x_j - \max_k x_k}$, as in the
 * gradient of a logarithm of a sum of exponentials, becomes 0 below $2^{-53}$. With importance weights, whose logarithms are hundreds
 * apart, most are that small, and some processors take a hundred cycles for each product of theirs below $10^{-38}$: the two products
 * with the gradient of 2048 x 64 x 1088 took 15 ms each, where the forward one takes 4.
 *
 * Probabilities of classes are left alone, whose scores come from a product as they are: there are many, and few that small.
 */
export const flushWeights: Rule = (node) => {
  const [exponentials] = node.inputs;
  const [weights] = node.outputs;
  const power = exponentials && producer(exponentials);
  if (node.kernel !== 'RealDiv' || power?.kernel !== 'Exp') return undefined;
  const difference = producer(power.inputs[0]!);
  const [scores, largest] = difference?.kernel === 'Sub' ? difference.inputs : [];
  if (largest === undefined || sizeOf(largest.shape) === sizeOf(weights!.shape) || isOfProduct(scores!))
    return undefined;
  const quotient = createNode(node.kernel, node.inputs, node.attributes, node.outputs).outputs;
  return createNode('Threshold', quotient, { least: LEAST }, [weights!]).outputs;
};

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
