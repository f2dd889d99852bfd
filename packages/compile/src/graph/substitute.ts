import { createNode, inputValue, topologicalOrder } from './graph';
import type { Graph, Value } from './graph';

/** The same graph with some inputs replaced by other values: constants, mostly. */
export function substitute(graph: Graph, replacements: ReadonlyMap<string, Value>): Graph {
  const replaced = new Map<Value, Value>();
  for (const [name, value] of graph.inputs) {
    const replacement = replacements.get(name);
    if (replacement !== undefined) replaced.set(value, replacement);
  }
  return {
    inputs: new Map([...graph.inputs].filter(([name]) => !replacements.has(name))),
    outputs: withReplaced(graph.outputs, replaced),
  };
}

/** The same outputs of nodes that read other values in place of some. */
export function withReplaced(
  outputs: ReadonlyMap<string, Value>,
  replacements: ReadonlyMap<Value, Value>,
): ReadonlyMap<string, Value> {
  const replaced = new Map(replacements);
  const current = (value: Value): Value => replaced.get(value) ?? value;
  for (const node of topologicalOrder(outputs.values())) {
    const inputs = node.inputs.map(current);
    if (inputs.every((input, index) => input === node.inputs[index])) continue;
    const made = createNode(node.kernel, inputs, node.attributes, node.outputs).outputs;
    node.outputs.forEach((output, index) => {
      if (!replacements.has(output)) replaced.set(output, made[index]!);
    });
  }
  return new Map([...outputs].map(([name, value]) => [name, current(value)]));
}

/** A graph in two parts. */
export interface DividedGraph {
  /** What depends on some of the inputs alone. */
  readonly fixed: Graph;
  /** The rest; what the first part puts out are inputs of the same names. */
  readonly varying: Graph;
}

/**
 * Divides off what depends on some inputs and on nothing else. Of masked weights, inverses of matrices and transforms of filters a
 * sampler need not compute more than one for all its samples.
 */
export function divide(graph: Graph, isFixedInput: (name: string) => boolean): DividedGraph {
  const fixed = new Set([...graph.inputs].filter(([name]) => isFixedInput(name)).map(([, value]) => value));
  const constant = new Set<Value>();
  const isConstant = (value: Value): boolean => value.source.kind === 'constant' || constant.has(value);
  const border = new Map<Value, Value>();
  const cross = (value: Value): void => {
    if (value.source.kind !== 'node' || !fixed.has(value) || border.has(value)) return;
    border.set(value, inputValue(`fixed/${border.size}`, value));
  };
  for (const { inputs, outputs } of topologicalOrder(graph.outputs.values())) {
    const kind = inputs.every(isConstant)
      ? constant
      : inputs.every((value) => fixed.has(value) || isConstant(value))
        ? fixed
        : undefined;
    if (kind === undefined) inputs.forEach(cross);
    else outputs.forEach((value) => kind.add(value));
  }
  for (const value of graph.outputs.values()) cross(value);
  const crossing = [...border].map(([value, entering], index) => ({
    name: `fixed/${index}`,
    value,
    entering,
  }));
  return {
    fixed: dropUnusedInputs({
      inputs: graph.inputs,
      outputs: new Map(crossing.map(({ name, value }) => [name, value])),
    }),
    varying: dropUnusedInputs({
      inputs: new Map([...graph.inputs, ...crossing.map(({ name, entering }) => [name, entering] as const)]),
      outputs: withReplaced(graph.outputs, border),
    }),
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
