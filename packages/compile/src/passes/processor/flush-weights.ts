import { sizeOf } from '@dgm/core';
import { constantValue, createNode, producer, topologicalOrder } from '../../graph/graph';
import type { Graph, Node, Value } from '../../graph/graph';
import { rewrite } from '../../graph/rewrite';

/** Beside weights whose sum is 1, no float32 sum notices what is below this. */
const LEAST = 2 ** -53;
/** Kernels in which a weight of 0 stands for one that is too small to notice. */
const SUMMING = new Set(['Multiply', 'BatchMatMul', 'Sum']);

/**
 * Leaves out weights of examples or components that no sum notices: $w_i = e^{x_i - \max_j x_j} / \sum_j e^{x_j - \max_k x_k}$, as in the
 * gradient of a logarithm of a sum of exponentials, becomes 0 below $2^{-53}$. With importance weights, whose logarithms are hundreds
 * apart, most are that small, and some processors take a hundred cycles for each product of theirs below $10^{-38}$: the two products
 * with the gradient of 2048 x 64 x 1088 took 15 ms each, where the forward one takes 4. The exponential of 8000 x 17 such numbers
 * takes 0.9 ms, and 0.06 of bounded ones.
 *
 * The same for a softmax that only sums read: of a denoiser that weighs the levels of a pixel by their distance to it most are below
 * $10^{-38}$, and the gradient of 125 x 17 x 8 x 8 by a filter for 32 channels took 12 ms in place of 1.
 *
 * Probabilities of classes are left alone, whose scores come from a product as they are: there are many, and few that small.
 */
export function flushWeights(graph: Graph): Graph {
  const isSummed = summedOnly(graph);
  return rewrite(graph, (node, original) => {
    const [x] = node.inputs;
    const isExponential = node.kernel === 'Exp' && isBelowLargest(original.inputs[0]!);
    const areWeights =
      isExponential || (node.kernel === 'Softmax' ? isOfFarScores(x!) : isShareOfExponentials(node));
    if (!areWeights || (node.kernel !== 'RealDiv' && !isSummed(original.outputs[0]!))) return undefined;
    const inputs = isExponential ? [bounded(x!)] : node.inputs;
    const weights = createNode(node.kernel, inputs, node.attributes, node.outputs).outputs;
    return createNode('Threshold', weights, { least: LEAST }, node.outputs).outputs;
  });
}

/** Which values only sums and products read, in any shape, and quotients that divide them. */
function summedOnly(graph: Graph): (value: Value) => boolean {
  const readOtherwise = new Set(graph.outputs.values());
  for (const { kernel, inputs, outputs } of topologicalOrder(graph.outputs.values()).reverse()) {
    if (SUMMING.has(kernel) || (kernel === 'Reshape' && !readOtherwise.has(outputs[0]!))) continue;
    const read = kernel === 'RealDiv' ? inputs.slice(1) : inputs;
    read.forEach((input) => readOtherwise.add(input));
  }
  return (value) => !readOtherwise.has(value);
}

/** Exponents of numbers that are too small to notice as those of the least. */
function bounded(exponents: Value): Value {
  const least = constantValue(Float32Array.of(Math.log(LEAST) - 1), [], 'float32');
  return createNode('Maximum', [exponents, least], {}, [exponents]).outputs[0]!;
}

/** Whether exponents are scores less the largest of them, or less the logarithm of the sum of their exponentials. */
function isBelowLargest(exponents: Value): boolean {
  const [scores, largest] = operandsOf(exponents, 'Sub');
  if (largest === undefined || sizeOf(largest.shape) === sizeOf(exponents.shape)) return false;
  const [compared] = operandsOf(largest, 'Max');
  if (compared !== undefined) return compared === scores && !isOfProduct(scores);
  const [sum] = operandsOf(largest, 'Log');
  const [exponentials] = sum ? operandsOf(sum, 'Sum') : [];
  return (
    exponentials !== undefined && operandsOf(exponentials, 'Exp')[0] === scores && isBelowLargest(scores!)
  );
}

/** What a kernel makes a value of, if it does; in any shape. */
function operandsOf(value: Value, kernel: string): readonly Value[] {
  const node = producer(value);
  if (node?.kernel === 'Reshape' && kernel !== 'Sub') return operandsOf(node.inputs[0]!, kernel);
  return node?.kernel === kernel ? node.inputs : [];
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
