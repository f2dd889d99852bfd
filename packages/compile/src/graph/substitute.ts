import { createNode, inputValue, topologicalOrder } from './graph';
import type { Graph, Value } from './graph';

/** The same graph with some inputs replaced by other values: constants, mostly. */
export function substitute(graph: Graph, replacements: ReadonlyMap<string, Value>): Graph {
  const replaced = new Map<Value, Value>();
  for (const [name, value] of graph.inputs) {
    const replacement = replacements.get(name);
    if (replacement !== undefined) replaced.set(value, replacement);
  }
  const current = (value: Value): Value => replaced.get(value) ?? value;
  for (const node of topologicalOrder(graph.outputs.values())) {
    const inputs = node.inputs.map(current);
    if (inputs.every((input, index) => input === node.inputs[index])) continue;
    const { outputs } = createNode(node.kernel, inputs, node.attributes, node.outputs);
    node.outputs.forEach((output, index) => replaced.set(output, outputs[index]!));
  }
  return {
    inputs: new Map([...graph.inputs].filter(([name]) => !replacements.has(name))),
    outputs: new Map([...graph.outputs].map(([name, value]) => [name, current(value)])),
  };
}

/** The same graph without the inputs that no output depends on. */
export function dropUnusedInputs({ inputs, outputs }: Graph): Graph {
  const used = usedValues(outputs.values());
  return { inputs: new Map([...inputs].filter(([, value]) => used.has(value))), outputs };
}

/** The graph of a step whose outputs are its next inputs, with those inputs that nothing reads: they go around as well. */
export function withState({ inputs, outputs }: Graph): Graph {
  const state = [...outputs].map(([name, value]): [string, Value] => [
    name,
    inputs.get(name) ?? inputValue(name, value),
  ]);
  return { inputs: new Map([...inputs, ...state]), outputs };
}

/** Every value that some values depend on, and these. */
export function usedValues(outputs: Iterable<Value>): ReadonlySet<Value> {
  const used = new Set(outputs);
  for (const node of topologicalOrder(used)) node.inputs.forEach((input) => used.add(input));
  return used;
}
