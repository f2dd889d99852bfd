import { createNode, topologicalOrder } from '../../graph/graph';
import type { Graph, Node, Value } from '../../graph/graph';
import { rewrite } from '../../graph/rewrite';

/**
 * Lets the gradient of a layer's weights wait for that of its bias, a sum of the same rows, which enters the product with the factor 0:
 * $x^\top dz + 0 \sum_{rows} dz$. The runtime leaves such an addend unread; without it, it would compute all biases' gradients in the end,
 * when the rows have left the caches, and keep the rows of all layers until then. A step of a VAE or a RealNVP takes 2 to 3 % less.
 *
 * Writes the sum anew: `shareCommon` makes one of both.
 */
export function sumAtOnce(graph: Graph): Graph {
  const sums = new Map<Value, Node>();
  for (const node of topologicalOrder(graph.outputs.values()))
    if (isSumOfRows(node)) sums.set(node.inputs[1]!, node);
  return rewrite(graph, (node, original) => {
    const sum = isGradientOfWeights(node) ? sums.get(original.inputs[1]!) : undefined;
    if (sum === undefined) return undefined;
    const [x, dz] = node.inputs as [Value, Value];
    const total = createNode(sum.kernel, [sum.inputs[0]!, dz], sum.attributes, sum.outputs).outputs;
    return createNode(node.kernel, [x, dz, ...total], { ...node.attributes, beta: 0 }, node.outputs).outputs;
  });
}

/** Whether a node adds up rows as `sumByProduct` does: by a vector of ones. */
function isSumOfRows({ kernel, inputs: [ones, rows] }: Node): boolean {
  return kernel === 'BatchMatMul' && ones!.shape.length === 1 && rows!.shape.length === 2;
}

function isGradientOfWeights({ kernel, inputs, attributes }: Node): boolean {
  return (
    kernel === 'BatchMatMul' &&
    inputs.length === 2 &&
    inputs.every(({ shape }) => shape.length === 2) &&
    attributes['transposeA'] === true &&
    attributes['transposeB'] !== true
  );
}
