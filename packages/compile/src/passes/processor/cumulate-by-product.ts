import { constantValue } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { axisOf } from '../../kernels/axes';
import { hasNarrowRows, matrixOf, product, reshaped } from './narrow-rows';

/** Cumulates many short rows, by which categories are drawn, as the product with a triangle of ones. */
export const cumulateByProduct: Rule = (node) => {
  const [x] = node.inputs;
  if (node.kernel !== 'Cumsum' || x?.dtype !== 'float32' || !hasNarrowRows(x)) return undefined;
  const width = x.shape.at(-1)!;
  if (axisOf(node.attributes, x.shape.length) !== x.shape.length - 1) return undefined;
  const { reverse = false, exclusive = false } = node.attributes;
  const triangle = new Float32Array(width * width);
  for (let from = 0; from < width; from++) {
    for (let to = 0; to < width; to++) {
      const isBefore = reverse ? from > to : from < to;
      triangle[from * width + to] = Number(isBefore || (from === to && !exclusive));
    }
  }
  const ones = constantValue(triangle, [width, width], 'float32');
  return [reshaped(product(matrixOf(x), ones), x.shape)];
};
