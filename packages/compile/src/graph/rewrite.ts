import { createNode, topologicalOrder } from './graph';
import type { Graph, Node, Value } from './graph';

/**
 * A local simplification: sees a node whose inputs are simplified already, and gives the values that replace its
 * outputs, or nothing to leave it as it is. The original is the node before its inputs were simplified.
 */
export type Rule = (node: Node, original: Node) => readonly Value[] | undefined;

/** Applies a rule to every node once, producers first. */
export function rewrite(graph: Graph, rule: Rule): Graph {
  const replaced = new Map<Value, Value>();
  const current = (value: Value): Value => replaced.get(value) ?? value;
  for (const node of topologicalOrder(graph.outputs.values())) {
    const inputs = node.inputs.map(current);
    const rebuilt = inputs.every((input, index) => input === node.inputs[index])
      ? node
      : createNode(node.kernel, inputs, node.attributes, node.outputs);
    const results = rule(rebuilt, node) ?? rebuilt.outputs;
    node.outputs.forEach((output, index) => {
      if (results[index] !== output) replaced.set(output, results[index]!);
    });
  }
  const outputs = new Map([...graph.outputs].map(([name, value]) => [name, current(value)]));
  return { inputs: graph.inputs, outputs };
}
