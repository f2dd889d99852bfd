import { sameShape } from '@dgm/core';
import { constantValue, createNode, producer, uniformConstant } from '../graph/graph';
import type { Attributes, Node, Value } from '../graph/graph';
import type { Rule } from '../graph/rewrite';
import { elementwiseKernels } from '../kernels/elementwise';

/**
 * Computes once what is the same in all rows, and repeats the result: $f(1 \otimes x) = 1 \otimes f(x)$ for an f that treats each row
 * alike. A network that is given one time for a whole batch, as a sampler does, then prepares that time once. Copies that their
 * reader does not need are left out by `broadcastTiles`.
 */
export const repeatRowsLast: Rule = (node) => {
  const [y] = node.outputs;
  const count = y?.shape[0];
  if (y === undefined || count === undefined || count <= 1) return undefined;
  const factor = factorOfOnes(node, y);
  if (factor !== undefined) return [repeated(factor, count)];
  const ofRow = inOneRow(node, count);
  if (ofRow === undefined) return undefined;
  const { inputs, attributes = node.attributes } = ofRow;
  const specs = node.outputs.map(({ shape, dtype }) => ({ shape: [1, ...shape.slice(1)], dtype }));
  return createNode(node.kernel, inputs, attributes, specs).outputs.map((row) => repeated(row, count));
};

/** The inputs of a node that computes one row of many that are the same, and its attributes where they change. */
function inOneRow(
  node: Node,
  count: number,
): { readonly inputs: readonly Value[]; readonly attributes?: Attributes } | undefined {
  if (node.inputs.every((input) => repeatedRow(input) === undefined)) return undefined;
  const { inputs, attributes } = node;
  const [x, ...others] = inputs as [Value, ...Value[]];
  switch (node.kernel) {
    case 'BatchMatMul': {
      const row = repeatedRow(x);
      const areRows = x.shape.length === 2 && !attributes['transposeA'];
      return areRows && row !== undefined ? { inputs: [row, ...others] } : undefined;
    }
    case 'Concat':
    case 'SplitV': {
      const axis = Number(attributes['axis']);
      return axis === 0 || axis === -x.shape.length ? undefined : allInOneRow(inputs, count);
    }
    case 'Reshape':
      return x.shape[0] === count ? allInOneRow(inputs, count) : undefined;
    case 'Slice': {
      const size = attributes['size'] as readonly number[];
      const ofRow = x.shape[0] === count ? allInOneRow(inputs, count) : undefined;
      return ofRow && { ...ofRow, attributes: { ...attributes, size: [1, ...size.slice(1)] } };
    }
    case 'Select': // whose condition may be a vector that picks rows
      return x.shape.length === node.outputs[0]!.shape.length ? allInOneRow(inputs, count) : undefined;
    default:
      return node.kernel in elementwiseKernels ? allInOneRow(inputs, count, node.outputs[0]) : undefined;
  }
}

/** Each input in one row: what is repeated, constants of one number, and what broadcasts to the result `y`, if it may. */
function allInOneRow(
  inputs: readonly Value[],
  count: number,
  y?: Value,
): { readonly inputs: readonly Value[] } | undefined {
  const rows = inputs.map((input) => {
    const broadcasts = y !== undefined && (input.shape.length < y.shape.length || input.shape[0] === 1);
    if (broadcasts) return input;
    return input.shape[0] === count ? (repeatedRow(input) ?? constantRow(input)) : undefined;
  });
  return rows.every((row) => row !== undefined) ? { inputs: rows } : undefined;
}

/** The row that a value repeats, if it does. */
function repeatedRow(value: Value): Value | undefined {
  const node = producer(value);
  if (node?.kernel !== 'Tile') return undefined;
  const [source] = node.inputs as [Value];
  return source.shape[0] === 1 && sameShape([1, ...value.shape.slice(1)], source.shape) ? source : undefined;
}

/** A row of a constant that holds one number. */
function constantRow(value: Value): Value | undefined {
  if (uniformConstant(value) === undefined || value.source.kind !== 'constant') return undefined;
  const shape = [1, ...value.shape.slice(1)];
  return constantValue(
    value.source.data.slice(0, value.source.data.length / value.shape[0]!),
    shape,
    value.dtype,
  );
}

/** One row that a column of ones is multiplied by. */
function factorOfOnes(node: Node, y: Value): Value | undefined {
  if (node.kernel !== 'Multiply') return undefined;
  const [a, b] = node.inputs as [Value, Value];
  const isRow = (value: Value) => sameShape(value.shape, [1, ...y.shape.slice(1)]);
  if (uniformConstant(a) === 1 && isRow(b)) return b;
  return uniformConstant(b) === 1 && isRow(a) ? a : undefined;
}

function repeated(row: Value, count: number): Value {
  const shape = [count, ...row.shape.slice(1)];
  const reps = shape.map((_, axis) => (axis === 0 ? count : 1));
  return createNode('Tile', [row], { reps }, [{ shape, dtype: row.dtype }]).outputs[0]!;
}
