import { Categorical } from '../categorical';
import { Independent } from '../independent';
import { sizeOf } from '../../shape/shape';
import { makeHead, requireAtLeast, shapeRows, type DistributionHead, type IntegerHeadOptions } from './head';

/**
 * A categorical distribution for each entry, over the numbers 0 to `values - 1` (DGM Eq. 4.27).
 *
 * The network puts out the logits of the first entry, then those of the second, and so on: `[n, ...shape, values]`.
 * @throws {@link ArgumentError} if `values` is not an integer of at least 2
 */
export function categorical({ shape, values }: IntegerHeadOptions): DistributionHead {
  requireAtLeast(2, 'categorical', 'values', values);
  return makeHead({
    name: 'categorical',
    eventShape: shape,
    levels: values,
    numParameters: sizeOf(shape) * values,
    build: (rows) => new Independent(new Categorical(shapeRows(rows, [...shape, values])), shape.length),
  });
}
