import { sameShape, sizeOf } from '@dgm/core';
import { createNode } from '../../graph/graph';
import type { Node, Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { hasNarrowRows, matrixOf, reshaped, rowsOf } from './narrow-rows';

const ELEMENTWISE = new Set([
  'Abs',
  'Add',
  'Cast',
  'Equal',
  'Exp',
  'Log',
  'Maximum',
  'Minimum',
  'Multiply',
  'Neg',
  'RealDiv',
  'Select',
  'Sqrt',
  'Square',
  'Sub',
]);
/** Reductions by the name of the attribute that holds their axes. */
const REDUCTIONS: Readonly<Record<string, string>> = { Max: 'reductionIndices', Mean: 'axis', Sum: 'axis' };

/**
 * Computes many short rows as a matrix, whatever the shape of their index: a chain of such nodes then has one shape, which
 * `spreadByProduct` wants, and its Reshapes cancel.
 */
export const flattenRows: Rule = (node) => {
  const [x] = node.inputs;
  const [y] = node.outputs;
  if (x === undefined || y === undefined) return undefined;
  if (ELEMENTWISE.has(node.kernel)) return flattenElementwise(node, y);
  const axes = REDUCTIONS[node.kernel];
  return axes !== undefined && hasNarrowRows(x) && x.shape.length > 2
    ? flattenReduction(node, axes)
    : undefined;
};

function flattenElementwise(node: Node, y: Value): readonly Value[] | undefined {
  if (!hasNarrowRows(y) || y.shape.length < 3) return undefined;
  const inputs = node.inputs.map((input) => flatOperand(input, y));
  if (!inputs.every((input) => input !== undefined)) return undefined;
  const matrix = { shape: [rowsOf(y), y.shape.at(-1)!], dtype: y.dtype };
  return [reshaped(createNode(node.kernel, inputs, node.attributes, [matrix]).outputs[0]!, y.shape)];
}

/** An operand of a result with narrow rows: of its shape, one number a row, or one number. */
function flatOperand(operand: Value, y: Value): Value | undefined {
  if (operand.shape.length === 0) return operand;
  const isColumn = sameShape(operand.shape, [...y.shape.slice(0, -1), 1]);
  return isColumn || sameShape(operand.shape, y.shape) ? matrixOf(operand) : undefined;
}

function flattenReduction(node: Node, axesAttribute: string): readonly Value[] | undefined {
  const [x] = node.inputs as [Value];
  const [y] = node.outputs as [Value];
  const last = x.shape.length - 1;
  const axes = [node.attributes[axesAttribute]].flat();
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== last)) return undefined;
  const attributes = { [axesAttribute]: [1], keepDims: true };
  const column = { shape: [sizeOf(y.shape), 1], dtype: y.dtype };
  return [reshaped(createNode(node.kernel, [matrixOf(x)], attributes, [column]).outputs[0]!, y.shape)];
}
