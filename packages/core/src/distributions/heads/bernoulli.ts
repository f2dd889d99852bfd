import { Bernoulli } from '../bernoulli';
import { Independent } from '../independent';
import { sizeOf, type Shape } from '../../shape/shape';
import { makeHead, shapeRows, type DistributionHead } from './head';

/** A Bernoulli distribution for each entry; the network puts out the logits, `[n, ...shape]`. */
export function bernoulli({ shape }: { readonly shape: Shape }): DistributionHead {
  return makeHead({
    name: 'bernoulli',
    eventShape: shape,
    levels: 2,
    numParameters: sizeOf(shape),
    build: (rows) => new Independent(new Bernoulli(shapeRows(rows, shape)), shape.length),
  });
}
