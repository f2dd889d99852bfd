import { sizeOf } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { createNode } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { rowScaling } from '../row-scaling';
import { filled, hasNarrowRows, matrixOf, product, reshaped } from './narrow-rows';

/**
 * Adds up the rows of a matrix, which is what the gradient of a bias does, or the numbers of each short row, as the product with
 * a vector of ones: the same additions by the runtime's fastest code. Rows that have a factor each are added up by the product with
 * these: $1^\top \mathrm{diag}(c) B = c^\top B$.
 */
export const sumByProduct: Rule = (node) => {
  const [x] = node.inputs;
  const [y] = node.outputs;
  if (node.kernel !== 'Sum' || x === undefined || y === undefined || x.dtype !== 'float32') return undefined;
  const rank = x.shape.length;
  const axes = tf.util.parseAxisParam(node.attributes['axis'] as number | number[], [...x.shape]);
  const summed = axes.length;
  if (summed === 1 && axes[0] === rank - 1 && hasNarrowRows(x)) {
    return [reshaped(product(matrixOf(x), filled([x.shape.at(-1)!, 1], 1)), y.shape)];
  }
  const isLeading = axes.every((axis) => axis < summed) && summed > 0 && summed < rank;
  if (!isLeading) return undefined;
  const [rows, columns] = [sizeOf(x.shape.slice(0, summed)), sizeOf(y.shape)];
  const { column, base } = (rank === 2 && rowScaling(x)) || { column: filled([rows], 1), base: x };
  const total = createNode('BatchMatMul', [reshaped(column, [rows]), reshaped(base, [rows, columns])], {}, [
    { shape: [columns], dtype: 'float32' },
  ]).outputs[0]!;
  return [reshaped(total, y.shape)];
};
