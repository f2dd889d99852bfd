import { createNode, topologicalOrder } from '../graph/graph';
import type { Graph, Node, Value } from '../graph/graph';
import { rewrite } from '../graph/rewrite';

/**
 * Takes the sign that an activation's gradient asks for from the activation's result, which has the same one. What enters
 * the activation then has one reader, so that the runtime computes the activation within the product before it.
 *
 * Writes the activation anew for each gradient: `shareCommon` makes one of them.
 */
export function readActivation(graph: Graph): Graph {
  const activations = new Map<Value, Node>();
  for (const node of topologicalOrder(graph.outputs.values())) {
    if (keepsSign(node)) activations.set(node.inputs[0]!, node);
  }
  return rewrite(graph, (node, original) => {
    const activation = node.kernel === 'Step' ? activations.get(original.inputs[0]!) : undefined;
    if (activation === undefined) return undefined;
    const { kernel, attributes, outputs } = activation;
    const result = createNode(kernel, node.inputs, attributes, outputs).outputs;
    return createNode('Step', result, node.attributes, node.outputs).outputs;
  });
}

function keepsSign({ kernel, attributes }: Node): boolean {
  return kernel === 'Relu' || (kernel === 'LeakyRelu' && Number(attributes['alpha']) >= 0);
}
