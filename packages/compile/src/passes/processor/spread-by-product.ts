import { sameShape } from '@dgm/core';
import { createNode } from '../../graph/graph';
import type { Node, Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { filled, hasNarrowRows, product } from './narrow-rows';

const BINARY = new Set(['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum']);

/**
 * Spreads a column over the rows of a narrow matrix as the product with a row of ones: the runtime broadcasts row by row,
 * which costs more than the arithmetic where rows are short. A sum or difference is all in that product.
 */
export const spreadByProduct: Rule = (node) => {
  const [y] = node.outputs;
  if (y === undefined || !BINARY.has(node.kernel) || y.dtype !== 'float32') return undefined;
  if (y.shape.length !== 2 || !hasNarrowRows(y)) return undefined;
  const [rows, width] = y.shape as [number, number];
  const isColumn = node.inputs.map(({ shape }) => sameShape(shape, [rows, 1]));
  const isWhole = node.inputs.map(({ shape }) => sameShape(shape, y.shape));
  const at = isColumn.indexOf(true);
  if (at < 0 || !isWhole[1 - at]) return undefined;
  const [column, whole] = [node.inputs[at]!, node.inputs[1 - at]!];
  if (node.kernel === 'Add' || (node.kernel === 'Sub' && at === 1)) {
    const sign = node.kernel === 'Add' ? 1 : -1;
    return [product(column, filled([1, width], sign), whole)];
  }
  const spread = product(column, filled([1, width], 1));
  return withInput(node, at, spread);
};

function withInput(node: Node, at: number, value: Value): readonly Value[] {
  const inputs = node.inputs.map((input, index) => (index === at ? value : input));
  return createNode(node.kernel, inputs, node.attributes, node.outputs).outputs;
}
