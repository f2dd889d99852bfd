import { sameShape } from '@dgm/core';
import { createNode, producer, readersOf } from '../graph/graph';
import type { Graph, Node, Value } from '../graph/graph';
import { rewrite } from '../graph/rewrite';
import { rowScaling } from './row-scaling';

/** Products with fewer columns cost less than adding up what they are made of. */
const FEWEST_COLUMNS = 16;

/** A term of a sum, $A^\top \mathrm{diag}(c)\,B$, in the graph's original values. */
interface Term {
  readonly a: Value;
  /** `[rows, 1]` */
  readonly column: Value | undefined;
  readonly b: Value;
}

/**
 * Adds before it multiplies: $A^\top \mathrm{diag}(c) B + D^\top B = (\mathrm{diag}(c) A + D)^\top B$. The gradient of a weight is such a sum
 * where a loss and a penalty on the slope go back through the same layer.
 */
export function mergeProducts(graph: Graph): Graph {
  const readers = readersOf(graph);
  const now = new Map<Value, Value>();
  const current = (value: Value): Value => now.get(value) ?? value;
  return rewrite(graph, (node, original) => {
    const results = merged(original, readers, current) ?? node.outputs;
    original.outputs.forEach((output, index) => now.set(output, results[index]!));
    return results;
  });
}

function merged(
  sum: Node,
  readers: ReadonlyMap<Value, number>,
  current: (value: Value) => Value,
): readonly Value[] | undefined {
  const [y] = sum.outputs as [Value];
  if (sum.kernel !== 'Add' || y.shape.length !== 2 || y.shape[1]! < FEWEST_COLUMNS) return undefined;
  const groups = new Map<Value, Term[]>();
  const others: Value[] = [];
  for (const value of addends(sum, readers)) {
    const term = termOf(value, readers);
    if (term === undefined) others.push(value);
    else groups.set(term.b, [...(groups.get(term.b) ?? []), term]);
  }
  if ([...groups.values()].every(({ length }) => length === 1)) return undefined;
  const totals = [...groups].map(([b, terms]) => {
    const lefts = terms.map(({ a, column }) =>
      column === undefined ? current(a) : like(a, 'Multiply', [current(a), current(column)]),
    );
    return like(y, 'BatchMatMul', [addedUp(lefts), current(b)], { transposeA: true, transposeB: false });
  });
  return [addedUp([...others.map(current), ...totals])];
}

/** What a sum adds up, through sums that it alone reads. */
function addends({ inputs, outputs: [y] }: Node, readers: ReadonlyMap<Value, number>): Value[] {
  return inputs.flatMap((value) => {
    const inner = producer(value);
    const isPart = inner?.kernel === 'Add' && readers.get(value) === 1 && sameShape(value.shape, y!.shape);
    return isPart ? addends(inner, readers) : [value];
  });
}

function termOf(value: Value, readers: ReadonlyMap<Value, number>): Term | undefined {
  const node = producer(value);
  if (node?.kernel !== 'BatchMatMul' || readers.get(value) !== 1 || node.inputs.length !== 2)
    return undefined;
  if (node.attributes['transposeA'] !== true || node.attributes['transposeB'] === true) return undefined;
  const [a, right] = node.inputs as [Value, Value];
  if (right.shape.length !== 2) return undefined;
  const { column, base } = rowScaling(right) ?? { column: undefined, base: right };
  return { a, column, b: base };
}

function addedUp(values: readonly Value[]): Value {
  return values.reduce((total, value) => like(value, 'Add', [total, value]));
}

function like(spec: Value, kernel: string, inputs: readonly Value[], attributes = {}): Value {
  return createNode(kernel, inputs, attributes, [spec]).outputs[0]!;
}
