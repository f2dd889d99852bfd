import { sizeOf } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { createNode } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { filled, reshaped } from './narrow-rows';

/**
 * Adds up the rows of a matrix, which is what the gradient of a bias does, as the product of a vector of ones with it: the
 * same additions by the runtime's fastest code.
 */
export const sumByProduct: Rule = (node) => {
  const [x] = node.inputs;
  const [y] = node.outputs;
  if (node.kernel !== 'Sum' || x === undefined || y === undefined || x.dtype !== 'float32') return undefined;
  const axes = tf.util.parseAxisParam(node.attributes['axis'] as number | number[], [...x.shape]);
  const summed = axes.length;
  const isLeading = axes.every((axis) => axis < summed) && summed > 0 && summed < x.shape.length;
  if (!isLeading) return undefined;
  const [rows, columns] = [sizeOf(x.shape.slice(0, summed)), sizeOf(y.shape)];
  const total = createNode('BatchMatMul', [filled([rows], 1), reshaped(x, [rows, columns])], {}, [
    { shape: [columns], dtype: 'float32' },
  ]).outputs[0]!;
  return [reshaped(total, y.shape)];
};
