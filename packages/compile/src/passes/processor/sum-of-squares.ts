import { sizeOf } from '@dgm/core';
import { createNode, producer } from '../../graph/graph';
import type { Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { reshaped } from './narrow-rows';

/**
 * Adds up all squares, as the norm of a gradient does, in one pass: of `[256, 768]` in 40 µs, which are 89 where the squares are
 * written first. Not along some of the axes, for which the runtime has no fast kernel.
 */
export const sumOfSquares: Rule = (node) => {
  const [y] = node.outputs;
  const square = node.kernel === 'Sum' ? producer(node.inputs[0]!) : undefined;
  if (y?.dtype !== 'float32' || square === undefined || sizeOf(y.shape) !== 1) return undefined;
  const [x, other] = square.inputs as [Value, Value?];
  const isSquare = square.kernel === 'Square' || (square.kernel === 'Multiply' && other === x);
  return isSquare
    ? [reshaped(createNode('SumOfSquares', [x], {}, [{ shape: [], dtype: y.dtype }]).outputs[0]!, y.shape)]
    : undefined;
};
