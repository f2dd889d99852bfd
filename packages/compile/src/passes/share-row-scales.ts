import { sameShape } from '@dgm/core';
import { constantValue, createNode, topologicalOrder, uniformConstant } from '../graph/graph';
import type { Graph, Node, Value } from '../graph/graph';
import { withReplaced } from '../graph/substitute';
import type { RowScaling } from './row-scaling';

/**
 * Takes a matrix from one that differs by a factor for each row: $c\,w^\top = \mathrm{diag}(c)\,(1 w^\top)$, and
 * $(\mathrm{diag}(c) B) W = \mathrm{diag}(c)\,(B W)$, so for elementwise products, where the graph computes the matrix without the
 * factor anyway. The loss of a critic has a slope in each score, and goes back through the critic as the gradient of the scores does,
 * which a penalty on that gradient needs: one reverse pass does for both.
 *
 * The factor comes last, so that what overflows, or becomes 0, may do so with it alone or without it alone.
 */
export function shareRowScales(graph: Graph): Graph {
  const nodes = topologicalOrder(graph.outputs.values()).filter(commutes);
  const nameOf = namer();
  const callOf = ({ kernel, attributes }: Node, inputs: readonly Value[]): string => {
    const names = inputs.map(nameOf);
    if (kernel === 'Multiply') names.sort();
    return [kernel, ...names, attributes['transposeB'] === true].join(' ');
  };
  const results = new Map(nodes.map((node) => [callOf(node, node.inputs), node.outputs[0]!]));
  const scaled = new Map<Value, RowScaling>();
  const find = (node: Node, x: Value): void => {
    const { column, base } = scaled.get(x) ?? columnOf(node, x) ?? {};
    if (column === undefined || base === undefined) return;
    const without = results.get(
      callOf(
        node,
        node.inputs.map((input) => (input === x ? base : input)),
      ),
    );
    if (without !== undefined) scaled.set(node.outputs[0]!, { column, base: without });
  };
  for (const node of nodes) {
    const [a, b] = node.inputs as [Value, Value];
    find(node, a);
    if (node.kernel === 'Multiply' && a !== b) find(node, b);
  }
  const replacements = [...scaled].map(
    ([value, { column, base }]) =>
      [value, createNode('Multiply', [base, column], {}, [value]).outputs[0]!] as const,
  );
  return { inputs: graph.inputs, outputs: withReplaced(graph.outputs, new Map(replacements)) };
}

/** Whether a factor for each row of its first input, or of either of two equal ones, is one for each row of its result. */
function commutes({ kernel, inputs, outputs: [y], attributes }: Node): boolean {
  if (inputs.length !== 2 || y!.dtype !== 'float32' || y!.shape.length !== 2) return false;
  if (kernel === 'Multiply') return inputs.some((input) => sameShape(input.shape, y!.shape));
  return kernel === 'BatchMatMul' && attributes['transposeA'] !== true && inputs[0]!.shape.length === 2;
}

/** A single column as a multiple of one of ones, which a product with it repeats. */
function columnOf({ kernel }: Node, x: Value): RowScaling | undefined {
  if (kernel !== 'BatchMatMul' || x.shape[1] !== 1 || uniformConstant(x) !== undefined) return undefined;
  return { column: x, base: constantValue(new Float32Array(x.shape[0]!).fill(1), x.shape, 'float32') };
}

/** Names values, constants of one number by it. */
function namer(): (value: Value) => string {
  const ids = new Map<Value, string>();
  return (value) => {
    const uniform = uniformConstant(value);
    if (uniform !== undefined) return `${uniform} [${value.shape.join()}]`;
    const name = ids.get(value) ?? `%${ids.size}`;
    ids.set(value, name);
    return name;
  };
}
