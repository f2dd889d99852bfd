import { sizeOf } from '@dgm/core';
import { constantValue, createNode } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { cast, filled, hasNarrowRows, product, reshaped } from './narrow-rows';

/** Compares each index with each class as one product, `index · 1 - class`, and a comparison of that with 0. */
export const oneHotByProduct: Rule = (node) => {
  const [indices] = node.inputs;
  const [y] = node.outputs;
  if (node.kernel !== 'OneHot' || indices === undefined || y === undefined || !hasNarrowRows(y))
    return undefined;
  if (node.attributes['onValue'] !== 1 || node.attributes['offValue'] !== 0) return undefined;
  const [rows, width] = [sizeOf(indices.shape), y.shape.at(-1)!];
  const column = cast(reshaped(indices, [rows, 1]), 'float32');
  const classes = constantValue(
    Float32Array.from({ length: width }, (_, index) => -index),
    [width],
    'float32',
  );
  const distance = product(column, filled([1, width], 1), classes);
  const zero = constantValue(Float32Array.of(0), [], 'float32');
  const isHit = createNode('Equal', [distance, zero], {}, [{ shape: [rows, width], dtype: 'bool' }])
    .outputs[0]!;
  return [reshaped(cast(isHit, y.dtype), y.shape)];
};
