import { sameShape } from '@dgm/core';
import { createNode } from '../../graph/graph';
import type { Node, Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { cast, filled, hasNarrowRows, matrixOf, product, reshaped, rowsOf } from './narrow-rows';

const BINARY = new Set(['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum']);

/**
 * Spreads a column over the rows of a narrow matrix as the product with a row of ones, and a row over its columns: the runtime
 * broadcasts row by row, which costs more than the arithmetic where rows are short. A sum or difference is all in that product.
 */
export const spreadByProduct: Rule = (node) => {
  const [y] = node.outputs;
  if (y === undefined || !hasNarrowRows(y)) return undefined;
  if (node.kernel === 'Tile') return spreadTile(node, y);
  const isMatrix = y.shape.length === 2 && y.dtype === 'float32';
  return BINARY.has(node.kernel) && isMatrix ? spreadOperand(node, y) : undefined;
};

/** Copies of a column, of numbers or of truths, side by side. */
function spreadTile({ inputs: [x], attributes }: Node, y: Value): readonly Value[] | undefined {
  const repetitions = attributes['reps'] as readonly number[];
  const width = repetitions.at(-1)!;
  const isColumn = x!.shape.at(-1) === 1 && repetitions.slice(0, -1).every((times) => times === 1);
  // Large integers are not numbers of float32.
  if (!isColumn || y.dtype === 'int32') return undefined;
  const copies = product(cast(matrixOf(x!), 'float32'), filled([1, width], 1));
  return [reshaped(cast(copies, y.dtype), y.shape)];
}

function spreadOperand(node: Node, y: Value): readonly Value[] | undefined {
  const whole = node.inputs.findIndex(({ shape }) => sameShape(shape, y.shape));
  const at = 1 - whole;
  const factors = whole < 0 ? undefined : factorsOf(node.inputs[at]!, y, signOf(node.kernel, at) ?? 1);
  if (factors === undefined) return undefined;
  if (signOf(node.kernel, at) !== undefined) return [product(...factors, node.inputs[whole]!)];
  const inputs = node.inputs.map((input, index) => (index === at ? product(...factors) : input));
  return createNode(node.kernel, inputs, node.attributes, node.outputs).outputs;
}

/** The factors of a matrix whose columns, or rows, all are the given one, times a sign. */
function factorsOf(operand: Value, y: Value, sign: number): readonly [Value, Value] | undefined {
  const [rows, width] = [rowsOf(y), y.shape.at(-1)!];
  if (sameShape(operand.shape, [rows, 1])) return [operand, filled([1, width], sign)];
  if (sameShape(operand.shape, [width]) || sameShape(operand.shape, [1, width]))
    return [filled([rows, 1], sign), reshaped(operand, [1, width])];
  return undefined;
}

/** With which sign an operand is added to the other one, if it is. */
function signOf(kernel: string, at: number): number | undefined {
  if (kernel === 'Add') return 1;
  return kernel === 'Sub' && at === 1 ? -1 : undefined;
}
